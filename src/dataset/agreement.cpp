#include "dataset/agreement.h"

#include <algorithm>
#include <cmath>

namespace renvoi::dataset {
namespace {

double square(double x) { return x * x; }

}  // namespace

std::optional<double> cohen_kappa(std::span<const std::pair<std::string, std::string>> items) {
  if (items.empty()) return std::nullopt;
  std::map<std::string, std::pair<double, double>> margins;
  double same = 0;
  for (const auto& [one, other] : items) {
    same += one == other ? 1 : 0;
    margins[one].first += 1;
    margins[other].second += 1;
  }
  const auto n = static_cast<double>(items.size());
  double chance = 0;
  for (const auto& [label, counts] : margins) chance += counts.first * counts.second / (n * n);
  if (chance >= 1) return std::nullopt;
  return (same / n - chance) / (1 - chance);
}

std::optional<double> krippendorff_alpha(std::span<const std::vector<double>> units, Scale scale) {
  // The coincidence matrix: each unit of m values gives each ordered pair of them 1 / (m - 1).
  std::map<double, std::size_t> order;
  for (const auto& unit : units)
    if (unit.size() >= 2)
      for (const double value : unit) order.emplace(value, 0);
  if (order.size() < 2) return std::nullopt;
  std::vector<double> values;
  for (auto& [value, place] : order) {
    place = values.size();
    values.push_back(value);
  }
  const std::size_t k = values.size();
  std::vector<double> coincidences(k * k, 0), totals(k, 0);
  for (const auto& unit : units) {
    if (unit.size() < 2) continue;
    std::map<std::size_t, double> counts;
    for (const double value : unit) counts[order[value]] += 1;
    const double weight = 1 / static_cast<double>(unit.size() - 1);
    for (const auto& [c, of_c] : counts)
      for (const auto& [d, of_d] : counts) coincidences[c * k + d] += weight * of_c * (c == d ? of_d - 1 : of_d);
  }
  double n = 0;
  for (std::size_t c = 0; c < k; ++c) {
    for (std::size_t d = 0; d < k; ++d) totals[c] += coincidences[c * k + d];
    n += totals[c];
  }
  const auto difference = [&](std::size_t c, std::size_t d) {
    if (c == d) return 0.0;
    if (c > d) std::swap(c, d);
    switch (scale) {
      case Scale::nominal:
        return 1.0;
      case Scale::ordinal: {
        double between = 0;
        for (std::size_t g = c; g <= d; ++g) between += totals[g];
        return square(between - (totals[c] + totals[d]) / 2);
      }
      case Scale::interval:
        return square(values[c] - values[d]);
      case Scale::ratio: {
        const double sum = values[c] + values[d];
        return sum == 0 ? 0.0 : square((values[c] - values[d]) / sum);
      }
    }
    return 0.0;
  };
  double observed = 0, expected = 0;
  for (std::size_t c = 0; c < k; ++c)
    for (std::size_t d = 0; d < k; ++d) {
      const double delta = difference(c, d);
      observed += coincidences[c * k + d] * delta;
      expected += totals[c] * totals[d] * delta;
    }
  if (expected == 0) return std::nullopt;
  return 1 - (n - 1) * observed / expected;
}

Agreement agreement_of(std::span<const std::map<std::uint32_t, std::string>> items) {
  Agreement agreement;
  std::map<std::string, double> numbers;
  std::vector<std::vector<double>> units;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::vector<std::pair<std::string, std::string>>> pairs;
  for (const auto& words : items) {
    if (words.size() < 2) continue;
    ++agreement.items;
    units.emplace_back();
    for (const auto& [person, label] : words)
      units.back().push_back(numbers.emplace(label, static_cast<double>(numbers.size())).first->second);
    for (auto one = words.begin(); one != words.end(); ++one)
      for (auto other = std::next(one); other != words.end(); ++other)
        pairs[{one->first, other->first}].emplace_back(one->second, other->second);
  }
  agreement.alpha = krippendorff_alpha(units, Scale::nominal);
  for (const auto& [people, both] : pairs)
    agreement.pairs.push_back({people.first, people.second, cohen_kappa(both), both.size()});
  return agreement;
}

}  // namespace renvoi::dataset
