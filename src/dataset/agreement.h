// How far annotators agree beyond chance.
//
// Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological Measurement 20 (1960).
// Krippendorff, "Computing Krippendorff's alpha-reliability" (2011): any number of annotators, missing values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace renvoi::dataset {

// Two annotators on the same items. Nothing when there is no item, or when both used one class only (chance alone
// explains everything).
std::optional<double> cohen_kappa(std::span<const std::pair<std::string, std::string>> items);

enum class Scale : std::uint8_t { nominal, ordinal, interval, ratio };

// Each unit's values, by whoever gave them; units with fewer than two count for nothing. Nominal data are any distinct
// numbers. Nothing when no unit has two values, or all values are the same. O(values + distinct values squared).
std::optional<double> krippendorff_alpha(std::span<const std::vector<double>> units, Scale scale);

// Of words (person to class) by item.
struct Agreement {
  std::optional<double> alpha;  // nominal
  std::uint64_t items = 0;      // with two words and more
  struct Pair {
    std::uint32_t one = 0, other = 0;
    std::optional<double> kappa;
    std::uint64_t items = 0;
  };
  std::vector<Pair> pairs;  // of people with an item in common
};
Agreement agreement_of(std::span<const std::map<std::uint32_t, std::string>> items);

}  // namespace renvoi::dataset
