// A reference's state in plain words: when it was looked at, what that said, why it is in its state, what comes next.
// Pure.
#pragma once

#include <string>
#include <vector>

#include "catalog/types.h"
#include "crawl/reference_state.h"
#include "crawl/revisit.h"

namespace renvoi::crawl {

struct Why {
  std::string state;    // what it is, and why
  std::string checked;  // when its server was last heard, and how often
  std::string next;     // what happens next, and when
  bool in_answers = false;
};

// `base_s`: the source's revisit_after_s.
Why why(const catalog::Reference& reference, std::int64_t base_s, Timestamp now, const LifePolicy& life = {},
        const RevisitPolicy& revisit = {});

}  // namespace renvoi::crawl
