// Vectors for the benches: files of float32, row-major, without header (encode_corpus writes them), and synthetic ones
// made of real ones.
//
// A synthetic passage is mean + sqrt(1 - V) r + sqrt(V) n, made unit length, where r is a real passage less the mean,
// and n Gaussian with the covariance of the r's (16 of them, with Gaussian weights). V is the share of noise: two
// passages made of one real one have a cosine of about 1 - V, less the mean. (Of 8,000 real passages the tenth nearest
// is at .47, .05 nearer with each doubling: about .8 at a million.)
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <string>
#include <vector>

namespace renvoi::bench {

// `files`: one, or several with commas between. Ends the program when one cannot be read.
inline std::vector<float> read_floats(const std::string& files) {
  std::vector<float> values;
  for (std::size_t begin = 0; begin <= files.size();) {
    const std::size_t end = std::min(files.find(',', begin), files.size());
    const std::string file = files.substr(begin, end - begin);
    std::ifstream in(file, std::ios::binary);
    if (!in) {
      std::fprintf(stderr, "cannot read %s\n", file.c_str());
      std::exit(1);
    }
    in.seekg(0, std::ios::end);
    const auto bytes = static_cast<std::size_t>(in.tellg());
    in.seekg(0);
    const std::size_t before = values.size();
    values.resize(before + bytes / sizeof(float));
    in.read(reinterpret_cast<char*>(values.data() + before), static_cast<std::streamsize>(bytes));
    begin = end + 1;
  }
  return values;
}

inline float dot(const float* a, const float* b, std::size_t size) {
  float sums[16] = {};
  std::size_t i = 0;
  for (; i + 16 <= size; i += 16)
    for (std::size_t lane = 0; lane < 16; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  float sum = 0;
  for (; i < size; ++i) sum += a[i] * b[i];
  for (const float part : sums) sum += part;
  return sum;
}

// Gives the passages one by one, real (`synthetic` 0) or synthetic; the same ones every time.
class VectorRows {
 public:
  VectorRows(std::vector<float> real, std::size_t dimensions, std::size_t synthetic, float noise)
      : real_(std::move(real)), dimensions_(dimensions), synthetic_(synthetic), noise_(noise), mean_(dimensions) {
    for (std::size_t i = 0; i < real_.size(); ++i) mean_[i % dimensions] += real_[i];
    for (float& value : mean_) value /= static_cast<float>(real_.size() / dimensions);
  }
  std::size_t size() const { return synthetic_ > 0 ? synthetic_ : real_.size() / dimensions_; }
  void get(std::size_t at, std::vector<float>& out) const {
    if (synthetic_ == 0) {
      out.assign(real_.begin() + static_cast<std::ptrdiff_t>(at * dimensions_),
                 real_.begin() + static_cast<std::ptrdiff_t>((at + 1) * dimensions_));
      return;
    }
    std::mt19937_64 random(at + 1);
    std::normal_distribution<float> normal;
    constexpr int kMixed = 16;
    const std::size_t rows = real_.size() / dimensions_;
    out = mean_;
    const auto add = [&](std::size_t row, float weight) {
      for (std::size_t j = 0; j < dimensions_; ++j) out[j] += weight * (real_[row * dimensions_ + j] - mean_[j]);
    };
    add(at % rows, std::sqrt(1 - noise_));
    for (int i = 0; i < kMixed; ++i) {
      const std::size_t row = random() % rows;
      add(row, normal(random) * std::sqrt(noise_ / kMixed));
    }
    const float length = std::sqrt(dot(out.data(), out.data(), dimensions_));
    for (float& value : out) value /= length;
  }

 private:
  std::vector<float> real_;
  std::size_t dimensions_;
  std::size_t synthetic_;
  float noise_;
  std::vector<float> mean_;
};

}  // namespace renvoi::bench
