// The best k of many hits: score first, then the smaller passage number.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "index/index.h"

namespace renvoi::index {

inline bool better(const Hit& a, const Hit& b) {
  return a.score != b.score ? a.score > b.score : a.passage < b.passage;
}

class TopK {
 public:
  explicit TopK(std::size_t k) : k_(k) {}
  void offer(const Hit& hit) {
    if (k_ == 0 || !std::isfinite(hit.score)) return;
    if (hits_.size() < k_) {
      hits_.push_back(hit);
      std::push_heap(hits_.begin(), hits_.end(), better);
    } else if (better(hit, hits_.front())) {  // the front is the worst that is kept
      std::pop_heap(hits_.begin(), hits_.end(), better);
      hits_.back() = hit;
      std::push_heap(hits_.begin(), hits_.end(), better);
    }
  }
  // What a hit must score to enter: the worst that is kept, once there are k.
  float threshold() const { return k_ > 0 && hits_.size() == k_ ? hits_.front().score : 0; }
  std::vector<Hit> take() {
    std::sort_heap(hits_.begin(), hits_.end(), better);
    return std::move(hits_);
  }

 private:
  std::size_t k_;
  std::vector<Hit> hits_;
};

}  // namespace renvoi::index
