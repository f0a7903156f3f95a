// What distillation needs to know of a vocabulary: which tokens stand for text, how frequent each is, and what the
// encoder puts around a text. For the sources of this room only.
#pragma once

#include <llama.h>

#include <cstdint>
#include <vector>

#include "base/result.h"

namespace renvoi::model {

struct Vocabulary {
  std::vector<std::int32_t> begin, end;  // special tokens around a text, each none or one
  std::vector<double> probability;       // by token; they sum to 1; 0 for control, unknown, unused and byte tokens
};

// The probabilities are those of the tokenizer's unigram model (SentencePiece "Unigram" keeps log p as a token's
// score). Other tokenizers keep none. Then p is Zipf's, in Mandelbrot's form: proportional to 1 / (rank + 2.7), the
// rank being the token's place in the vocabulary, which is sorted by falling frequency where it was learnt by merging
// (BPE, WordPiece). It is an estimate: it was not measured against counts. Errors: `invalid` when no token stands for
// text.
Result<std::vector<double>> unigram_probabilities(const std::vector<float>& scores, const std::vector<bool>& is_text,
                                                  bool scores_are_log_probabilities);

// Errors: as above, `internal`.
Result<Vocabulary> read_vocabulary(const llama_vocab* vocab);

}  // namespace renvoi::model
