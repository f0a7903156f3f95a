// What happens on the way to an answer, told as it happens: for whoever waits and wants to see it.
#pragma once

#include <cstdint>
#include <span>

#include "answer/evidence.h"

namespace renvoi::answer {

// In the order in which they come; `web` only when the search engine is asked.
enum class AskStep : std::uint8_t {
  search,  // in the index
  read,    // the documents found are read again
  web,     // the search engine is asked, and its pages are read
  write,   // the answer is written from them
};

// Called from the thread that asks. What it is given lives for the call only.
class AskListener {
 public:
  virtual ~AskListener() = default;
  virtual void on_step(AskStep step) = 0;
  // What the answer will be written from, best first, and what was found and cannot be cited. Once more after `web`.
  virtual void on_evidence(const Evidence& evidence) = 0;
  // Before the piece of text that bears its mark.
  virtual void on_citation(const Citation& citation) = 0;
};

}  // namespace renvoi::answer
