#include "model/distil_vocabulary.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string_view>

#include "model/llama_handles.h"

namespace renvoi::model {

Result<std::vector<double>> unigram_probabilities(const std::vector<float>& scores, const std::vector<bool>& is_text,
                                                  bool scores_are_log_probabilities) {
  constexpr double mandelbrot_shift = 2.7;
  std::vector<double> probability(scores.size());
  double rank = 0;
  double least = 1;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (!is_text[i]) continue;
    rank += 1;
    const double p =
        scores_are_log_probabilities ? std::exp(static_cast<double>(scores[i])) : 1 / (rank + mandelbrot_shift);
    // A token that the tokenizer's makers added by hand has a score of zero: it has no known frequency.
    probability[i] = std::isfinite(p) && p > 0 && p < 1 ? p : -1;
    if (probability[i] > 0) least = std::min(least, probability[i]);
  }
  if (rank == 0) return Error{ErrorCode::invalid, "the model's vocabulary has no token that stands for text"};
  for (double& p : probability) p = p < 0 ? least : p;
  const double sum = std::accumulate(probability.begin(), probability.end(), 0.0);
  for (double& p : probability) p /= sum;
  return probability;
}

Result<Vocabulary> read_vocabulary(const llama_vocab* vocab) {
  constexpr int not_text =
      LLAMA_TOKEN_ATTR_UNKNOWN | LLAMA_TOKEN_ATTR_UNUSED | LLAMA_TOKEN_ATTR_CONTROL | LLAMA_TOKEN_ATTR_BYTE;
  const auto count = static_cast<std::size_t>(std::max(0, llama_vocab_n_tokens(vocab)));
  std::vector<float> scores(count);
  std::vector<bool> is_text(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto token = static_cast<llama_token>(i);
    const char* text = llama_vocab_get_text(vocab, token);
    scores[i] = llama_vocab_get_score(vocab, token);
    is_text[i] = (llama_vocab_get_attr(vocab, token) & not_text) == 0 && text != nullptr && *text != '\0' &&
                 !std::string_view(text).starts_with("[unused");  // BERT's places for later tokens
  }
  Vocabulary vocabulary;
  RENVOI_TRY(vocabulary.probability,
             unigram_probabilities(scores, is_text, llama_vocab_type(vocab) == LLAMA_VOCAB_TYPE_UGM));
  RENVOI_TRY(const auto around, tokenize(vocab, "", ControlText::literal, AddSpecial::yes));
  if (around.size() == 2) {
    vocabulary.begin = {around[0]};
    vocabulary.end = {around[1]};
  } else if (around.size() == 1) {
    (llama_vocab_get_add_bos(vocab) ? vocabulary.begin : vocabulary.end) = around;
  }
  return vocabulary;
}

}  // namespace renvoi::model
