// What a child process does to itself before it runs a parser. For the room's own use.
#pragma once

#include <cstdint>

#include "io/child_process.h"
#include "io/descriptor.h"

namespace renvoi::io {

// A Landlock ruleset that allows reading and running what lies under /usr, /lib and /lib64; closed when the kernel has
// none. Made by the parent.
Descriptor landlock_ruleset();

// In the child, between fork and exec: only async-signal-safe calls. What the kernel does not have is left out; limits
// of CPU time, memory, files and processes always hold, or false is returned and the child must not go on.
bool limit_resources(const ChildLimits& limits);
Confinement confine(const Descriptor& ruleset);

}  // namespace renvoi::io
