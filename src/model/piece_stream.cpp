#include "model/piece_stream.h"

#include <algorithm>

#include "base/utf8.h"

namespace renvoi::model {

namespace {

// How many bytes at the end of `text` begin a character that is not complete.
std::size_t incomplete_bytes(std::string_view text) {
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if ((byte & 0xC0) == 0x80) continue;
    const std::size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}

}  // namespace

PieceStream::PieceStream(std::vector<std::string> stop, const OnPiece& on_piece)
    : stop_(std::move(stop)), on_piece_(on_piece) {
  std::erase(stop_, std::string());
}

std::size_t PieceStream::held_back_bytes() const {
  std::size_t held = incomplete_bytes(pending_);
  for (const auto& stop : stop_) {
    for (std::size_t length = std::min(stop.size() - 1, pending_.size()); length > held; --length) {
      if (pending_.ends_with(std::string_view(stop).substr(0, length))) held = length;
    }
  }
  return held;
}

void PieceStream::give_out(std::size_t bytes) {
  if (bytes == 0) return;
  const std::string piece = repair_utf8(std::string_view(pending_).substr(0, bytes));
  pending_.erase(0, bytes);
  text_ += piece;
  if (on_piece_ && !on_piece_(piece)) ended_ = true;
}

bool PieceStream::push(std::string_view bytes) {
  if (ended_) return false;
  pending_ += bytes;
  std::size_t found = std::string::npos;
  for (const auto& stop : stop_) found = std::min(found, pending_.find(stop));
  if (found != std::string::npos) {
    give_out(found);
    pending_.clear();
    ended_ = true;
    return false;
  }
  std::size_t ready = pending_.size() - held_back_bytes();
  ready -= incomplete_bytes(std::string_view(pending_).substr(0, ready));
  give_out(ready);
  return !ended_;
}

void PieceStream::finish() {
  if (!ended_) give_out(pending_.size());
  pending_.clear();
}

}  // namespace renvoi::model
