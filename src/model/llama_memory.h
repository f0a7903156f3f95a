// What llama.cpp reserves and no embedding model uses.
#pragma once

#include <llama.h>

#include <cstddef>

namespace renvoi::model {

// llama.cpp keeps room for the logits of `outputs` tokens (outputs x vocabulary x 4 bytes: 512 MB for 512 tokens of a
// vocabulary of 250,000) and fills it with zeros, even where only embeddings are computed. Gives those pages back to
// the system; they are zeros again when read. `outputs` is at most what the context has reserved: the tokens of the
// largest batch so far, or its n_seq_max before the first.
void release_logits(llama_context* context, std::size_t outputs);

}  // namespace renvoi::model
