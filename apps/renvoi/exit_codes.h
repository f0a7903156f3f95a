// What the program's exit status says. Documented in docs/operations.md; scripts depend on it.
#pragma once

#include "base/result.h"

namespace renvoi::app {

enum ExitCode : int {
  kExitOk = 0,
  kExitUsage = 2,          // the command line itself is wrong
  kExitInvalid = 3,        // ErrorCode::invalid
  kExitNotFound = 4,       // ErrorCode::not_found
  kExitGone = 5,           // ErrorCode::gone
  kExitDenied = 6,         // ErrorCode::denied
  kExitConflict = 7,       // ErrorCode::conflict
  kExitUnavailable = 8,    // ErrorCode::unavailable
  kExitExhausted = 9,      // ErrorCode::exhausted
  kExitCorrupt = 10,       // ErrorCode::corrupt
  kExitInternal = 11,      // ErrorCode::internal
  kExitProblems = 12,      // the command ran to its end and found something wrong (doctor)
  kExitInterrupted = 130,  // Ctrl-C or SIGTERM, before the end
};

constexpr ExitCode exit_code(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid:
      return kExitInvalid;
    case ErrorCode::not_found:
      return kExitNotFound;
    case ErrorCode::gone:
      return kExitGone;
    case ErrorCode::denied:
      return kExitDenied;
    case ErrorCode::conflict:
      return kExitConflict;
    case ErrorCode::unavailable:
      return kExitUnavailable;
    case ErrorCode::exhausted:
      return kExitExhausted;
    case ErrorCode::corrupt:
      return kExitCorrupt;
    case ErrorCode::internal:
      return kExitInternal;
  }
  return kExitInternal;
}

}  // namespace renvoi::app
