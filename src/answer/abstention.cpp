#include "answer/abstention.h"

namespace renvoi::answer {

bool should_abstain(const AnswerSigns& signs, const AbstentionThresholds& thresholds) {
  if (!signs.same_language) return signs.unit_cosine < thresholds.other_language_cosine;
  const float cosine = (signs.passage_cosine + signs.unit_cosine) / 2;
  return thresholds.cosine_weight * cosine + thresholds.held_weight * signs.held < thresholds.least;
}

std::string abstention_text(std::string_view language, AbstentionReason reason) {
  const bool french = language == "fr";
  switch (reason) {
    case AbstentionReason::documents_unavailable:
      return french ? "Les documents qui pourraient répondre ne sont plus accessibles : je ne peux pas répondre."
                    : "The documents that might hold the answer can no longer be reached: I cannot answer.";
    case AbstentionReason::nothing_indexed:
      return french ? "Aucun document ne correspond à cette question : je ne peux pas répondre."
                    : "No document matches this question: I cannot answer.";
    case AbstentionReason::not_in_documents:
      break;
  }
  return french ? "Je n'ai pas trouvé la réponse à cette question dans les documents."
                : "I did not find the answer to this question in the documents.";
}

}  // namespace renvoi::answer
