// Runs another program on bytes that may be hostile, confined as far as the kernel allows: for parsers that are too
// risky to have in this process.
//
// The child gets its input as standard input (a memory file, which it can seek in) and gives its result on standard
// output. It has no environment, no other open file, and limits of CPU time, memory and output; it may write no file
// and start no process. Beyond that, each where the kernel has it:
//   network   a namespace of its own (unshare(2)), and a seccomp filter that refuses sockets
//   files     Landlock: only programs and libraries (/usr, /lib, /lib64) can be read
//   syscalls  a seccomp filter refuses those that no parser needs (ptrace, mount, bpf, keyctl, ...)
// It is killed when it passes its deadline, when it gives more than it may, and when this process dies.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace renvoi::io {

struct ChildLimits {
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  std::uint32_t cpu_s = 30;
  std::uint64_t memory_bytes = 1u << 30;  // of address space
  std::uint64_t output_bytes = 64u << 20;
};

// What confined it, of what the kernel has.
struct Confinement {
  bool no_network = false;    // in a network namespace of its own
  bool few_files = false;     // Landlock
  bool few_syscalls = false;  // seccomp
};

enum class ChildEnd : std::uint8_t {
  exited,       // by itself: see status
  crashed,      // by a signal: see status
  out_of_time,  // killed at its deadline, or by its limit of CPU time
  cut,          // killed when its output was too long; the output is the part before
};

struct ChildResult {
  ChildEnd end = ChildEnd::exited;
  int status = 0;      // its exit status, or the signal's number
  std::string output;  // at most ChildLimits::output_bytes
  std::string errors;  // the beginning of its standard error
  Confinement confinement;
};

// Thread-safe. `arguments` without the program's own name. Errors: `not_found` (the program is not there), `exhausted`
// (no memory or process for it), `internal`.
Result<ChildResult> run_confined(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                                 std::string_view input, const ChildLimits& limits);

}  // namespace renvoi::io
