#include "extract/element_map.h"

#include <algorithm>

namespace renvoi::extract {
namespace {

constexpr std::size_t kMaxPathBytes = 1'000;

}  // namespace

const ElementMap::Place* ElementMap::place_at(std::uint32_t offset) const {
  const auto found = std::partition_point(places_.begin(), places_.end(),
                                          [&](const Place& place) { return place.range.end <= offset; });
  return found == places_.end() ? nullptr : &*found;
}

std::string_view ElementMap::tag(std::uint32_t element) const { return names_[elements_[element].tag]; }

std::string_view ElementMap::nearest_id(std::uint32_t element) const {
  for (; element != kNoElement; element = elements_[element].parent)
    if (elements_[element].id != 0) return names_[elements_[element].id];
  return {};
}

std::string ElementMap::path(std::uint32_t element) const {
  std::vector<std::string> steps;
  std::size_t bytes = 0;
  for (; element != kNoElement; element = elements_[element].parent) {
    std::string step = "/" + std::string(tag(element));
    if (const std::uint32_t position = elements_[element].position; position != 0)
      step += "[" + std::to_string(position) + "]";
    bytes += step.size();
    if (bytes >= kMaxPathBytes) break;
    steps.push_back(std::move(step));
  }
  std::string out = element == kNoElement ? "" : "/";
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) out += *step;
  return out;
}

}  // namespace renvoi::extract
