#include "index/cells.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

namespace renvoi::index {
namespace {

constexpr std::size_t kLanes = 16;
constexpr std::size_t kMostParts = 16;        // a cell is split into, at once
constexpr std::size_t kSamplesPerPart = 256;  // from which the new centroids are found
constexpr int kSplitRounds = 6;
constexpr int kMaxDepth = 64;
constexpr std::size_t kNearestGroups = 6;  // of centroids, looked at for a newcomer
constexpr std::size_t kOfDecoding = 16;    // distances that take as long as decoding a code

// Asks now and then whether the work is still wanted. Once it is not, every loop ends at its next passage.
class Going {
 public:
  explicit Going(const std::function<bool()>& go_on) : go_on_(go_on) {}
  // `distances`: about so many are taken for the next passage.
  bool on(std::size_t distances) {
    done_ += distances;
    if (done_ >= kAtOnce && on_) {
      done_ = 0;
      on_ = !go_on_ || go_on_();
    }
    return on_;
  }
  bool on() const { return on_; }

 private:
  static constexpr std::size_t kAtOnce = 262'144;
  const std::function<bool()>& go_on_;
  std::size_t done_ = 0;
  bool on_ = true;
};

// The first coordinates of every passage's point after the axis, padded with zeros to a multiple of kLanes.
class Points {
 public:
  Points(const Quantizer& quantizer, std::span<const std::byte> codes, std::size_t coordinates, Going& going)
      : used_(std::min(quantizer.coordinates(), std::max<std::size_t>(coordinates, 1))),
        width_((used_ + kLanes - 1) / kLanes * kLanes) {
    const std::size_t code_bytes = quantizer.code_bytes();
    values_.resize(codes.size() / code_bytes * width_);
    std::vector<float> point(quantizer.space());
    for (std::size_t i = 0; i < size() && going.on(kOfDecoding); ++i) {
      quantizer.decode(codes.subspan(i * code_bytes, code_bytes), point);
      std::copy_n(point.begin() + 1, used_, values_.begin() + static_cast<std::ptrdiff_t>(i * width_));
    }
  }
  std::size_t width() const { return width_; }
  std::size_t size() const { return values_.size() / width_; }
  const float* operator[](std::size_t i) const { return values_.data() + i * width_; }

 private:
  std::size_t used_;
  std::size_t width_;
  std::vector<float> values_;
};

float dot(const float* a, const float* b, std::size_t width) {
  std::array<float, kLanes> sums{};
  for (std::size_t i = 0; i < width; i += kLanes)
    for (std::size_t lane = 0; lane < kLanes; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  float sum = 0;
  for (const float part : sums) sum += part;
  return sum;
}

// Centroids with half their squared lengths: the nearest one has the largest <point, centroid> - half.
class Centroids {
 public:
  explicit Centroids(std::size_t width) : width_(width) {}
  std::size_t size() const { return halves_.size(); }
  const float* operator[](std::size_t i) const { return values_.data() + i * width_; }
  void add(const float* values) {
    values_.insert(values_.end(), values, values + width_);
    halves_.push_back(dot(values, values, width_) / 2);
  }
  float nearness(const float* point, std::size_t i) const { return dot(point, (*this)[i], width_) - halves_[i]; }

 private:
  std::size_t width_;
  std::vector<float> values_;
  std::vector<float> halves_;
};

using Members = std::vector<std::uint32_t>;

std::vector<float> mean_of(const Points& points, const Members& members) {
  std::vector<double> sums(points.width());
  for (const std::uint32_t member : members)
    for (std::size_t i = 0; i < points.width(); ++i) sums[i] += double{points[member][i]};
  std::vector<float> mean(points.width());
  for (std::size_t i = 0; i < mean.size(); ++i)
    mean[i] = static_cast<float>(sums[i] / static_cast<double>(std::max<std::size_t>(members.size(), 1)));
  return mean;
}

Centroids centroids_of(const Points& points, const std::vector<Members>& cells) {
  Centroids centroids(points.width());
  for (const Members& members : cells) centroids.add(mean_of(points, members).data());
  return centroids;
}

std::size_t nearest_of(const Centroids& centroids, const float* point) {
  std::size_t best = 0;
  float best_nearness = -std::numeric_limits<float>::max();
  for (std::size_t i = 0; i < centroids.size(); ++i) {
    const float nearness = centroids.nearness(point, i);
    if (nearness > best_nearness) {
      best_nearness = nearness;
      best = i;
    }
  }
  return best;
}

std::vector<Members> assign(const Points& points, const Members& members, const Centroids& centroids, Going& going) {
  std::vector<Members> parts(centroids.size());
  for (const std::uint32_t member : members) {
    if (!going.on(centroids.size())) break;
    parts[nearest_of(centroids, points[member])].push_back(member);
  }
  return parts;
}

// k-means of the members of one cell, found on a sample. Parts may be empty.
std::vector<Members> split(const Points& points, const Members& members, std::size_t parts, std::mt19937_64& random,
                           Going& going) {
  Members sample = members;
  for (std::size_t i = 0; i < std::min(sample.size(), parts * kSamplesPerPart); ++i)
    std::swap(sample[i], sample[i + random() % (sample.size() - i)]);
  sample.resize(std::min(sample.size(), parts * kSamplesPerPart));
  Centroids centroids(points.width());
  for (std::size_t part = 0; part < parts; ++part) centroids.add(points[sample[part]]);
  for (int round = 0; round < kSplitRounds && going.on(); ++round) {
    std::vector<Members> assigned = assign(points, sample, centroids, going);
    std::erase_if(assigned, [](const Members& part) { return part.empty(); });
    centroids = centroids_of(points, assigned);
  }
  return assign(points, members, centroids, going);
}

// Splits until no cell is too large; equal points, which no centroid tells apart, are cut by number.
void split_large(const Points& points, const CellOptions& options, std::vector<Members>& cells, std::mt19937_64& random,
                 Going& going) {
  std::vector<std::pair<Members, int>> pending;
  std::vector<Members> done;
  for (Members& members : cells) {
    if (members.empty()) continue;
    if (members.size() <= options.largest)
      done.push_back(std::move(members));
    else
      pending.emplace_back(std::move(members), 0);
  }
  while (!pending.empty() && going.on()) {
    auto [members, depth] = std::move(pending.back());
    pending.pop_back();
    if (members.size() <= options.largest) {
      done.push_back(std::move(members));
      continue;
    }
    const std::size_t parts = std::clamp<std::size_t>(members.size() / options.target, 2, kMostParts);
    std::vector<Members> found = split(points, members, parts, random, going);
    const bool apart = std::count_if(found.begin(), found.end(), [](const Members& part) { return !part.empty(); }) > 1;
    if (!apart || depth == kMaxDepth) {
      for (std::size_t begin = 0; begin < members.size(); begin += options.target) {
        const auto from = members.begin() + static_cast<std::ptrdiff_t>(begin);
        done.emplace_back(from, from + static_cast<std::ptrdiff_t>(std::min(options.target, members.size() - begin)));
      }
      continue;
    }
    for (Members& part : found)
      if (!part.empty()) pending.emplace_back(std::move(part), depth + 1);
  }
  cells = std::move(done);
}

// Centroids in groups of their own, so that the nearest of thousands is found by looking at hundreds.
class Directory {
 public:
  Directory(const Centroids& centroids, std::size_t width, std::mt19937_64& random)
      : centroids_(&centroids), leaders_(width) {
    const auto groups = static_cast<std::size_t>(std::sqrt(static_cast<double>(centroids.size()))) + 1;
    for (std::size_t i = 0; i < std::min(groups, centroids.size()); ++i)
      leaders_.add(centroids[random() % centroids.size()]);
    for (int round = 0; round < 3; ++round) {
      groups_.assign(leaders_.size(), {});
      for (std::uint32_t i = 0; i < centroids.size(); ++i) groups_[nearest_of(leaders_, centroids[i])].push_back(i);
      if (round == 2) break;
      Centroids moved(width);
      for (std::size_t group = 0; group < groups_.size(); ++group) {
        std::vector<float> mean(leaders_[group], leaders_[group] + width);
        for (std::size_t j = 0; j < width && !groups_[group].empty(); ++j) {
          double sum = 0;
          for (const std::uint32_t i : groups_[group]) sum += double{centroids[i][j]};
          mean[j] = static_cast<float>(sum / static_cast<double>(groups_[group].size()));
        }
        moved.add(mean.data());
      }
      leaders_ = std::move(moved);
    }
  }

  // The nearest `count` centroids in the groups nearest to `point`, nearest first. `but` is left out.
  std::vector<std::uint32_t> nearest(const float* point, std::size_t count, std::uint32_t but = kNoCell) const {
    std::vector<std::pair<float, std::uint32_t>> order;
    for (std::uint32_t group = 0; group < leaders_.size(); ++group)
      order.emplace_back(-leaders_.nearness(point, group), group);
    std::sort(order.begin(), order.end());
    std::vector<std::pair<float, std::uint32_t>> found;
    for (std::size_t i = 0; i < order.size() && (i < kNearestGroups || found.size() < count); ++i)
      for (const std::uint32_t cell : groups_[order[i].second])
        if (cell != but) found.emplace_back(-centroids_->nearness(point, cell), cell);
    const std::size_t kept = std::min(count, found.size());
    std::partial_sort(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(kept), found.end());
    std::vector<std::uint32_t> cells;
    for (std::size_t i = 0; i < kept; ++i) cells.push_back(found[i].second);
    return cells;
  }

 private:
  const Centroids* centroids_;
  Centroids leaders_;
  std::vector<Members> groups_;
};

// Gives the passages of cells that are too small, and those of no cell, to the nearest of the others.
void place(const Points& points, const CellOptions& options, std::vector<Members>& cells, Members& homeless,
           std::mt19937_64& random, Going& going) {
  std::vector<Members> kept;
  for (Members& members : cells) {
    if (members.size() >= options.smallest)
      kept.push_back(std::move(members));
    else
      homeless.insert(homeless.end(), members.begin(), members.end());
  }
  cells = std::move(kept);
  if (cells.empty()) {
    if (!homeless.empty()) cells.push_back(std::move(homeless));
    homeless.clear();
    return;
  }
  const Centroids centroids = centroids_of(points, cells);
  const Directory directory(centroids, points.width(), random);
  const std::size_t looked_at = 2 * kNearestGroups * static_cast<std::size_t>(std::sqrt(centroids.size()));
  for (const std::uint32_t passage : homeless) {
    if (!going.on(looked_at)) break;
    cells[directory.nearest(points[passage], 1).front()].push_back(passage);
  }
  homeless.clear();
}

// Every passage moves to the nearest of its cell and that cell's neighbours.
void assign_again(const Points& points, const CellOptions& options, std::vector<Members>& cells,
                  std::mt19937_64& random, Going& going) {
  const Centroids centroids = centroids_of(points, cells);
  const Directory directory(centroids, points.width(), random);
  std::vector<Members> moved(cells.size());
  for (std::uint32_t cell = 0; cell < cells.size(); ++cell) {
    const std::vector<std::uint32_t> neighbours = directory.nearest(centroids[cell], options.neighbours, cell);
    for (const std::uint32_t passage : cells[cell]) {
      if (!going.on(neighbours.size())) return;
      std::uint32_t best = cell;
      float best_nearness = centroids.nearness(points[passage], cell);
      for (const std::uint32_t neighbour : neighbours) {
        const float nearness = centroids.nearness(points[passage], neighbour);
        if (nearness > best_nearness) {
          best_nearness = nearness;
          best = neighbour;
        }
      }
      moved[best].push_back(passage);
    }
  }
  cells = std::move(moved);
}

Cells arrange(const Quantizer& quantizer, std::span<const std::byte> codes, std::vector<Members> cells,
              Members homeless, CellOptions options) {
  options.target = std::max<std::size_t>(options.target, 1);
  options.largest = std::max(options.largest, options.target);
  options.smallest = std::min(options.smallest, options.target / 2 + 1);
  std::mt19937_64 random(options.seed);
  Going going(options.go_on);
  {
    const Points points(quantizer, codes, options.coordinates, going);
    place(points, options, cells, homeless, random, going);
    split_large(points, options, cells, random, going);
    for (std::size_t round = 0; round < options.rounds && cells.size() > 1 && going.on(); ++round) {
      assign_again(points, options, cells, random, going);
      split_large(points, options, cells, random, going);
      place(points, options, cells, homeless, random, going);
    }
    split_large(points, options, cells, random, going);
  }
  Cells result;
  result.space = quantizer.space();
  result.cell_of.assign(codes.size() / quantizer.code_bytes(), kNoCell);
  if (!going.on()) return {};
  std::vector<float> point(quantizer.space());
  std::vector<double> sums(quantizer.space());
  for (std::uint32_t cell = 0; cell < cells.size(); ++cell) {
    std::fill(sums.begin(), sums.end(), 0.0);
    for (const std::uint32_t passage : cells[cell]) {
      if (!going.on(kOfDecoding)) return {};
      result.cell_of[passage] = cell;
      quantizer.decode(codes.subspan(passage * quantizer.code_bytes(), quantizer.code_bytes()), point);
      for (std::size_t i = 0; i < point.size(); ++i) sums[i] += double{point[i]};
    }
    const auto size = static_cast<double>(std::max<std::size_t>(cells[cell].size(), 1));
    for (const double sum : sums) result.centroids.push_back(static_cast<float>(sum / size));
  }
  return result;
}

}  // namespace

Cells make_cells(const Quantizer& quantizer, std::span<const std::byte> codes, const CellOptions& options) {
  Members all(codes.size() / quantizer.code_bytes());
  std::iota(all.begin(), all.end(), 0U);
  std::vector<Members> cells;
  cells.push_back(std::move(all));
  return arrange(quantizer, codes, std::move(cells), {}, options);
}

Cells join_cells(const Quantizer& quantizer, std::span<const std::byte> codes, const Cells& start,
                 const CellOptions& options) {
  std::vector<Members> cells(start.count());
  Members homeless;
  for (std::uint32_t passage = 0; passage < codes.size() / quantizer.code_bytes(); ++passage) {
    const std::uint32_t cell = passage < start.cell_of.size() ? start.cell_of[passage] : kNoCell;
    (cell < cells.size() ? cells[cell] : homeless).push_back(passage);
  }
  return arrange(quantizer, codes, std::move(cells), std::move(homeless), options);
}

Cells concatenate(const Cells& first, std::size_t first_passages, const Cells& second, std::size_t second_passages) {
  Cells both;
  both.space = std::max(first.space, second.space);
  both.centroids = first.centroids;
  both.centroids.insert(both.centroids.end(), second.centroids.begin(), second.centroids.end());
  both.cell_of = first.cell_of;
  both.cell_of.resize(first_passages, kNoCell);
  const auto offset = static_cast<std::uint32_t>(first.count());
  for (const std::uint32_t cell : second.cell_of) both.cell_of.push_back(cell == kNoCell ? kNoCell : cell + offset);
  both.cell_of.resize(first_passages + second_passages, kNoCell);
  return both;
}

}  // namespace renvoi::index
