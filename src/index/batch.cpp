#include "index/batch.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "index/codes.h"
#include "index/segment_writer.h"
#include "io/bytes.h"

namespace renvoi::index {
namespace {

// `old_put` has codes of version 1, and is read only.
enum class Operation : std::uint8_t { old_put = 1, remove = 2, put = 3 };

constexpr std::uint64_t kMaxLength = 0xFFFFFFFF;

Error invalid(ReferenceId reference, std::uint32_t ordinal, std::string_view what) {
  return {ErrorCode::invalid,
          fmt::format("passage {} of reference {} cannot be indexed: {}", ordinal, to_number(reference), what)};
}

Result<void> validate(const Quantizer& plain, ReferenceId reference, const PassageInput& passage) {
  if (passage.vector.size() != plain.dimensions())
    return invalid(
        reference, passage.ordinal,
        fmt::format("its vector has {} dimensions, the index {}", passage.vector.size(), plain.dimensions()));
  for (const float value : passage.vector)
    if (!std::isfinite(value))
      return invalid(reference, passage.ordinal, "its vector holds a number that is not finite");
  if (passage.range.begin > passage.range.end)
    return invalid(reference, passage.ordinal, "its range ends before it begins");
  std::string_view previous;
  std::uint64_t length = 0;
  for (const text::TermCount& term : passage.terms) {
    if (term.term.empty() || term.term.size() > kMaxTermBytes)
      return invalid(reference, passage.ordinal,
                     fmt::format("a term has {} bytes, 1 to {} are allowed", term.term.size(), kMaxTermBytes));
    if (term.frequency == 0) return invalid(reference, passage.ordinal, "a term has the frequency 0");
    if (!previous.empty() && std::string_view(term.term) <= previous)
      return invalid(reference, passage.ordinal, "its terms are not sorted, or one is there twice");
    previous = term.term;
    length += term.frequency;
  }
  if (length > kMaxLength) return invalid(reference, passage.ordinal, "it has more than 4 G terms");
  return {};
}

struct DecodedPassage {
  PassageRecord record;
  std::vector<std::pair<std::string_view, std::uint32_t>> terms;
  std::string_view code;
  std::uint64_t length = 0;
};

// False when the bytes are bad.
bool read_passage(io::ByteReader& reader, std::size_t code_bytes, DecodedPassage& passage) {
  passage.record.ordinal = reader.varint32();
  passage.record.range.begin = reader.varint32();
  passage.record.range.end = reader.varint32();
  passage.record.fingerprint = reader.u64();
  const std::uint64_t terms = reader.varint();
  passage.terms.clear();
  passage.length = 0;
  for (std::uint64_t i = 0; i < terms && reader.ok(); ++i) {
    const std::string_view term = reader.text();
    const std::uint32_t frequency = reader.varint32();
    if (term.empty() || frequency == 0 || (i > 0 && term <= passage.terms.back().first)) return false;
    passage.terms.emplace_back(term, frequency);
    passage.length += frequency;
  }
  passage.code = reader.view(code_bytes);
  return reader.ok() && passage.length <= kMaxLength && passage.record.range.begin <= passage.record.range.end;
}

std::size_t code_bytes_of(const Quantizer& plain, bool old_codes) {
  return old_codes ? old_code_bytes(plain.dimensions()) : plain.code_bytes();
}

Error damaged() {
  return {ErrorCode::corrupt, "a batch in the index's log cannot be read; restore or rebuild the index"};
}

}  // namespace

Result<void> append_put(std::string& batch, const Quantizer& plain, ReferenceId reference,
                        std::span<const PassageInput> passages) {
  for (const PassageInput& passage : passages) RENVOI_CHECK(validate(plain, reference, passage));
  std::vector<const PassageInput*> ordered;
  for (const PassageInput& passage : passages) ordered.push_back(&passage);
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const auto* a, const auto* b) { return a->ordinal < b->ordinal; });
  io::ByteWriter body;
  body.varint(passages.size());
  std::vector<std::byte> code(plain.code_bytes());
  for (const PassageInput* passage : ordered) {
    body.varint(passage->ordinal);
    body.varint(passage->range.begin);
    body.varint(passage->range.end);
    body.u64(passage->fingerprint);
    body.varint(passage->terms.size());
    for (const text::TermCount& term : passage->terms) {
      body.text(term.term);
      body.varint(term.frequency);
    }
    plain.encode(passage->vector, code);
    body.append(code);
  }
  if (body.size() > kMaxBatchBytes || batch.size() + body.size() > kMaxBatchBytes)
    return Error{ErrorCode::exhausted,
                 fmt::format("more than {} bytes wait for a commit; commit more often", kMaxBatchBytes)};
  io::ByteWriter head;
  head.u8(static_cast<std::uint8_t>(Operation::put));
  head.varint(to_number(reference));
  head.varint(body.size());
  batch += head.str();
  batch += body.str();
  return {};
}

void append_remove(std::string& batch, ReferenceId reference) {
  io::ByteWriter head;
  head.u8(static_cast<std::uint8_t>(Operation::remove));
  head.varint(to_number(reference));
  batch += head.str();
}

Result<void> read_batch(std::string_view batch, const Quantizer& plain, Changes& changes) {
  io::ByteReader reader(batch);
  DecodedPassage passage;
  while (reader.ok() && !reader.at_end()) {
    const auto operation = static_cast<Operation>(reader.u8());
    const auto reference = static_cast<ReferenceId>(reader.varint32());
    if (operation == Operation::remove) {
      changes[reference] = {};
      continue;
    }
    if (operation != Operation::put && operation != Operation::old_put) return damaged();
    const bool old_codes = operation == Operation::old_put;
    const std::size_t code_bytes = code_bytes_of(plain, old_codes);
    const std::string_view body = reader.text();
    io::ByteReader passages(body);
    const std::uint64_t count = passages.varint();
    std::uint32_t last_ordinal = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
      if (!read_passage(passages, code_bytes, passage) || passage.record.ordinal < last_ordinal) return damaged();
      last_ordinal = passage.record.ordinal;
    }
    if (!passages.ok() || !passages.at_end()) return damaged();
    changes[reference] = {count == 0 ? std::string_view() : body, old_codes};
  }
  if (!reader.ok()) return damaged();
  return {};
}

Result<std::string> segment_of(const Changes& changes, const NamedQuantizer& plain) {
  struct Occurrence {
    std::string_view term;
    Posting posting;
  };
  SegmentWriter writer(plain);
  std::vector<Occurrence> occurrences;
  DecodedPassage passage;
  std::vector<std::byte> code(plain.quantizer.code_bytes());
  std::vector<float> point(plain.quantizer.space());
  for (const auto& [reference, body] : changes) {
    if (body.bytes.empty()) continue;
    io::ByteReader reader(body.bytes);
    const std::uint64_t count = reader.varint();
    for (std::uint64_t i = 0; i < count; ++i) {
      if (!read_passage(reader, code_bytes_of(plain.quantizer, body.old_codes), passage)) return damaged();
      for (const auto& [term, frequency] : passage.terms) occurrences.push_back({term, {writer.passages(), frequency}});
      passage.record.reference = reference;
      std::span<const std::byte> stored = std::as_bytes(std::span(passage.code.data(), passage.code.size()));
      if (body.old_codes) {
        decode_old_code(stored, std::span(point).subspan(1));
        plain.quantizer.encode_point(point, code);
        stored = code;
      }
      writer.add_passage(passage.record, length_code(static_cast<std::uint32_t>(passage.length)), stored);
    }
  }
  if (writer.passages() == 0) return std::string();
  // Stable: postings of one term stay in the order of passages.
  std::stable_sort(occurrences.begin(), occurrences.end(),
                   [](const Occurrence& a, const Occurrence& b) { return a.term < b.term; });
  std::vector<Posting> postings;
  for (std::size_t i = 0; i < occurrences.size(); ++i) {
    postings.push_back(occurrences[i].posting);
    if (i + 1 < occurrences.size() && occurrences[i + 1].term == occurrences[i].term) continue;
    writer.add_term(occurrences[i].term, postings);
    postings.clear();
  }
  return writer.finish();
}

}  // namespace renvoi::index
