// Whether the evidence holds an answer: a pure decision. Its thresholds were measured with bench/abstention.py:
// docs/decisions/0004-abstention.md.
#pragma once

#include <string>
#include <string_view>

namespace renvoi::answer {

struct AnswerSigns {
  float passage_cosine = 0;   // of the question with the passage of the best unit
  float unit_cosine = 0;      // with the best unit
  float held = 0;             // share of the question's words, by weight, in that passage and its heading path
  bool same_language = true;  // question and evidence; if not, shared words say nothing
};

struct AbstentionThresholds {
  float cosine_weight = 10.0F;
  float held_weight = 1.5F;
  float least = 9.0F;                   // of the weighted sum
  float other_language_cosine = 0.83F;  // least unit cosine
};

bool should_abstain(const AnswerSigns& signs, const AbstentionThresholds& thresholds = {});

enum class AbstentionReason : unsigned char { not_in_documents, documents_unavailable, nothing_indexed };
// One sentence for people, in French when `language` is "fr", in English otherwise.
std::string abstention_text(std::string_view language, AbstentionReason reason);

}  // namespace renvoi::answer
