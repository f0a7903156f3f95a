#include "crawl/why.h"

#include <gtest/gtest.h>

namespace renvoi::crawl {
namespace {

using catalog::Reference;
using catalog::ReferenceState;

constexpr Timestamp kNow = 1'800'000'000;

Why of(ReferenceState state, const std::string& reason) {
  Reference reference;
  reference.indexed = true;
  reference.state = state;
  reference.reason = reason;
  reference.state_since = kNow - 3 * 86'400;
  reference.checked_at = kNow - 2 * 86'400;
  reference.next_check_at = kNow + 3 * 86'400;
  reference.failures = 2;
  reference.history = {9, 8, 1, 30 * 86'400, kNow - 2 * 86'400};
  return why(reference, 86'400, kNow);
}

TEST(Why, EachStateSaysWhyAndWhatComesNext) {
  for (const auto& [state, reason, shown] :
       std::vector<std::tuple<ReferenceState, std::string, bool>>{{ReferenceState::live, "", true},
                                                                  {ReferenceState::moved, "it moved here", true},
                                                                  {ReferenceState::suspect, "HTTP 404", false},
                                                                  {ReferenceState::host_down, "HTTP 503", true},
                                                                  {ReferenceState::blocked, "HTTP 403", false},
                                                                  {ReferenceState::gone, "HTTP 410", false}}) {
    const Why told = of(state, reason);
    EXPECT_TRUE(told.state.starts_with(to_string(state))) << told.state;
    EXPECT_NE(told.state.find(reason), std::string::npos) << told.state;
    EXPECT_EQ(told.in_answers, shown) << told.state;
    EXPECT_NE(told.next.find(to_rfc3339(kNow + 3 * 86'400)), std::string::npos) << told.next;
    EXPECT_NE(told.next.find("in 3 days"), std::string::npos) << told.next;
    EXPECT_NE(told.checked.find("2 days ago; 9 answers so far"), std::string::npos) << told.checked;
    EXPECT_NE(told.checked.find("another at 1 of 8 looks over 30 days"), std::string::npos) << told.checked;
  }
}

TEST(Why, WhatWasNeverReadOrIsDueSaysSo) {
  const Why told = why({}, 86'400, kNow);
  EXPECT_NE(told.state.find("not in the index"), std::string::npos);
  EXPECT_NE(told.checked.find("never"), std::string::npos);
  EXPECT_NE(told.next.find("at the next sync"), std::string::npos);
  EXPECT_FALSE(told.in_answers);
}

}  // namespace
}  // namespace renvoi::crawl
