// A value or an Error. No exception crosses a room's boundary: functions that can fail return Result<T>.
//
// An error's code says what the caller should do about it (after Abseil's status codes), its message says to a person
// what happened, where, and what to do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace renvoi {

enum class ErrorCode : std::uint8_t {
  invalid,      // the request is wrong: fix it
  not_found,    // no such thing
  gone,         // it was there and is no more
  denied,       // not allowed
  conflict,     // something else holds or has changed it
  unavailable,  // try again later; see Error::retry_after_s
  exhausted,    // disk, memory or a quota is used up
  corrupt,      // data failed its check: restore or rebuild
  internal,     // a bug in renvoi
};

// "invalid", "not_found", ...
std::string_view to_string(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;                          // for people: what, where, what to do. No trailing period needed
  std::optional<std::int64_t> retry_after_s{};  // seconds, with `unavailable` only

  // The same error with "context: " before its message.
  Error in(std::string_view context) const;
  // "invalid: message"
  std::string describe() const;
};

template <typename T>
class [[nodiscard]] Result {
 public:
  using Value = T;
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // Must only be called when ok().
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  // By value: `for (auto& x : f().value())` must not walk what the temporary took with it.
  T value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  // Must only be called when not ok().
  const Error& error() const& { return std::get<1>(state_); }
  Error error() && { return std::get<1>(std::move(state_)); }

  T value_or(T fallback) && { return ok() ? std::get<0>(std::move(state_)) : std::move(fallback); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  using Value = void;
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}
  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  const Error& error() const& { return *error_; }
  Error error() && { return std::move(*error_); }

 private:
  std::optional<Error> error_;
};

}  // namespace renvoi

#define RENVOI_CONCAT_(a, b) a##b
#define RENVOI_CONCAT(a, b) RENVOI_CONCAT_(a, b)

// RENVOI_TRY(auto x, f());  binds x to the value of f(), or returns its error from the function it stands in.
#define RENVOI_TRY(declaration, expression)                            \
  auto RENVOI_CONCAT(renvoi_result_, __LINE__) = (expression);         \
  if (!RENVOI_CONCAT(renvoi_result_, __LINE__).ok())                   \
    return std::move(RENVOI_CONCAT(renvoi_result_, __LINE__)).error(); \
  declaration = std::move(RENVOI_CONCAT(renvoi_result_, __LINE__)).value()

// RENVOI_CHECK(g());  returns the error of g(), a Result<void> (or any Result whose value is not wanted), if it has
// one.
#define RENVOI_CHECK(expression)                                                                            \
  do {                                                                                                      \
    if (auto renvoi_checked = (expression); !renvoi_checked.ok()) return std::move(renvoi_checked).error(); \
  } while (false)
