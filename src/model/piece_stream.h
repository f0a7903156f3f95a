// Bytes of an answer as they come, to pieces of valid UTF-8 that end before a stop string.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/generator.h"

namespace renvoi::model {

// A character or a stop string may be cut anywhere between two pushes: what could still become one is held back.
// Not thread-safe.
class PieceStream {
 public:
  // Empty stop strings are ignored. `on_piece` may be empty, and must outlive the stream.
  PieceStream(std::vector<std::string> stop, const OnPiece& on_piece);
  // False when the answer has ended: a stop string was found or on_piece returned false.
  bool push(std::string_view bytes);
  // Gives out what was held back; a character that never came to its end becomes U+FFFD.
  void finish();
  bool ended() const { return ended_; }
  // All that was given out.
  const std::string& text() const { return text_; }

 private:
  std::size_t held_back_bytes() const;
  void give_out(std::size_t bytes);

  std::vector<std::string> stop_;
  const OnPiece& on_piece_;
  std::string pending_;
  std::string text_;
  bool ended_ = false;
};

}  // namespace renvoi::model
