#include "io/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "base/utf8.h"
#include "io/confine.h"
#include "io/descriptor.h"

namespace renvoi::io {
namespace {

constexpr std::size_t kMaxErrorBytes = 4'096;
constexpr int kCannotStart = 125;              // as env(1) says it; what was wrong comes over the third pipe
constexpr int kReport = 3, kLastReserved = 9;  // descriptors of the child
constexpr int kMaxWait_ms = 60'000;

Error failed(const char* what) {
  const int number = errno;
  const bool full = number == EMFILE || number == ENFILE || number == ENOMEM || number == EAGAIN;
  return {full ? ErrorCode::exhausted : ErrorCode::internal, fmt::format("{}: {}", what, std::strerror(number))};
}

// The same file under a number that standard input, output and errors do not have.
Descriptor moved_up(Descriptor from) {
  return from.get() > kLastReserved ? std::move(from)
                                    : Descriptor(fcntl(from.get(), F_DUPFD_CLOEXEC, kLastReserved + 1));
}

// A file in memory that nothing can change any more.
Result<Descriptor> memory_file(std::string_view bytes) {
  Descriptor file = moved_up(Descriptor(memfd_create("input", MFD_CLOEXEC | MFD_ALLOW_SEALING)));
  if (!file.open()) return failed("no file in memory can be made");
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(file.get(), bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return failed("a file in memory cannot be written");
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  fcntl(file.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL);
  if (lseek(file.get(), 0, SEEK_SET) != 0) return failed("a file in memory cannot be read");
  return file;
}

struct Pipe {
  Descriptor out, in;  // read end, write end
};

Result<Pipe> make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return failed("no pipe can be made");
  return Pipe{moved_up(Descriptor(ends[0])), moved_up(Descriptor(ends[1]))};
}

// What the child tells before it becomes the program.
struct Report {
  Confinement confinement{};
  int start_error = 0;
};

struct Ends {
  const Descriptor &input, &output, &errors, &report, &ruleset;
};

// A pipe takes so few bytes whole.
void tell(int where, const Report& report) {
  if (::write(where, &report, sizeof report) != static_cast<ssize_t>(sizeof report)) _exit(kCannotStart);
}

// Never returns. Only async-signal-safe calls: other threads of the parent may have held any lock.
[[noreturn]] void become(const char* program, char* const* arguments, const ChildLimits& limits, const Ends& ends,
                         pid_t parent) {
  char* const environment[] = {nullptr};
  Report report;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(kCannotStart);
  struct sigaction as_usual {};
  as_usual.sa_handler = SIG_DFL;
  sigaction(SIGPIPE, &as_usual, nullptr);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const bool ready = setsid() >= 0 && chdir("/") == 0 && dup2(ends.input.get(), 0) == 0 &&
                     dup2(ends.output.get(), 1) == 1 && dup2(ends.errors.get(), 2) == 2 &&
                     // The report's pipe and the ruleset are all that is still needed; exec closes both.
                     dup2(ends.report.get(), kReport) == kReport && fcntl(kReport, F_SETFD, FD_CLOEXEC) == 0 &&
                     limit_resources(limits);
  if (ready) {
    report.confinement = confine(ends.ruleset);
    // Every other descriptor is closed by exec: all of ours are opened so, but a library's may not be.
    syscall(SYS_close_range, kReport + 1U, ~0U, 0U);
    tell(kReport, report);
    execve(program, arguments, environment);
  }
  report.start_error = errno;
  tell(ready ? kReport : ends.report.get(), report);
  _exit(kCannotStart);
}

// The child, killed and waited for when it goes out of sight.
class Child {
 public:
  explicit Child(pid_t id) : id_(id) {}
  ~Child() {
    if (id_ > 0) {
      kill();
      wait();
    }
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  void kill() const { ::kill(id_, SIGKILL); }
  int wait() {
    int status = 0;
    while (waitpid(id_, &status, 0) < 0 && errno == EINTR) {
    }
    id_ = -1;
    return status;
  }

 private:
  pid_t id_;
};

// Reads what is there. False at the end.
bool take(const Descriptor& from, std::string& into, std::size_t most, bool& cut) {
  std::array<char, 64 * 1'024> buffer;
  const ssize_t got = ::read(from.get(), buffer.data(), buffer.size());
  if (got < 0) return errno == EINTR || errno == EAGAIN;
  const std::size_t room = most - into.size();
  cut |= static_cast<std::size_t>(got) > room;
  into.append(buffer.data(), std::min(static_cast<std::size_t>(got), room));
  return got > 0;
}

int wait_ms(std::chrono::steady_clock::time_point deadline) {
  const auto now = std::chrono::steady_clock::now();
  if (now >= deadline) return 0;
  if (deadline - now > std::chrono::milliseconds(kMaxWait_ms)) return kMaxWait_ms;
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(deadline - now).count());
}

// Gathers output until the child closes it, or must be killed.
ChildEnd gather(const Descriptor& output, const Descriptor& errors, const ChildLimits& limits, ChildResult& result) {
  bool output_open = true, errors_open = true, cut = false, errors_cut = false;
  while (output_open || errors_open) {
    std::array<pollfd, 2> waiting{pollfd{output_open ? output.get() : -1, POLLIN, 0},
                                  pollfd{errors_open ? errors.get() : -1, POLLIN, 0}};
    const int ready = poll(waiting.data(), waiting.size(), wait_ms(limits.deadline));
    if (std::chrono::steady_clock::now() >= limits.deadline) return ChildEnd::out_of_time;
    if (ready <= 0) continue;
    if (waiting[0].revents != 0) output_open = take(output, result.output, limits.output_bytes, cut);
    if (waiting[1].revents != 0) errors_open = take(errors, result.errors, kMaxErrorBytes, errors_cut);
    if (cut) return ChildEnd::cut;
  }
  return ChildEnd::exited;
}

Report read_report(const Descriptor& from) {
  Report last, next;
  while (::read(from.get(), &next, sizeof next) == static_cast<ssize_t>(sizeof next)) last = next;
  return last;
}

}  // namespace

Result<ChildResult> run_confined(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                                 std::string_view input, const ChildLimits& limits) {
  if (access(program.c_str(), X_OK) != 0)
    return Error{ErrorCode::not_found, program.string() + " is not there, or may not be run"};
  RENVOI_TRY(const Descriptor file, memory_file(input));
  RENVOI_TRY(Pipe output, make_pipe());
  RENVOI_TRY(Pipe errors, make_pipe());
  RENVOI_TRY(Pipe report, make_pipe());
  const Descriptor ruleset = moved_up(landlock_ruleset());
  std::string name = program.string();
  std::vector<std::string> kept = arguments;
  std::vector<char*> pointers{name.data()};
  for (std::string& argument : kept) pointers.push_back(argument.data());
  pointers.push_back(nullptr);

  const pid_t parent = getpid();
  const pid_t id = fork();
  if (id < 0) return failed("no process can be started");
  if (id == 0) become(name.c_str(), pointers.data(), limits, {file, output.in, errors.in, report.in, ruleset}, parent);
  Child child(id);
  for (Pipe* pipe : {&output, &errors, &report}) pipe->in = Descriptor();
  ChildResult result;
  result.end = gather(output.out, errors.out, limits, result);
  if (result.end != ChildEnd::exited) child.kill();
  const Report started = read_report(report.out);
  const int status = child.wait();
  if (started.start_error != 0)
    return Error{ErrorCode::internal,
                 fmt::format("{} cannot be started: {}", name, std::strerror(started.start_error))};
  result.confinement = started.confinement;
  result.errors = repair_utf8(result.errors);
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
  // SIGKILL: its hard limit of CPU time (or a person, or a machine without memory).
  if (result.end == ChildEnd::exited && WIFSIGNALED(status))
    result.end = result.status == SIGXCPU || result.status == SIGKILL ? ChildEnd::out_of_time : ChildEnd::crashed;
  return result;
}

}  // namespace renvoi::io
