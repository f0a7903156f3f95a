#include "extract/page_elements.h"

#include <string>
#include <unordered_map>

namespace renvoi::extract {
namespace {

constexpr std::size_t kMaxIdBytes = 200;

class Mapper {
 public:
  explicit Mapper(const PageTree& page) : page_(page), nodes_(page.nodes()), numbers_(nodes_.size(), kNoElement) {}

  ElementMap run(const std::vector<TakenText>& taken) {
    for (const TakenText& each : taken)
      for (std::uint32_t node = each.node; node != 0 && numbers_[node] == kNoElement; node = nodes_[node].parent)
        numbers_[node] = kWanted;
    name({});
    add_children(0, kNoElement);
    for (std::uint32_t node = 1; node < nodes_.size(); ++node)
      if (numbers_[node] != kNoElement && nodes_[node].end > node + 1) add_children(node, numbers_[node]);
    std::vector<ElementMap::Place> places;
    places.reserve(taken.size());
    for (const TakenText& each : taken) places.push_back({each.range, numbers_[each.node]});
    return {std::move(elements_), std::move(names_), std::move(places)};
  }

 private:
  static constexpr std::uint32_t kWanted = kNoElement - 1;

  // Of the children of a node those that are wanted; the others of their tags are counted.
  void add_children(std::uint32_t node, std::uint32_t parent) {
    counts_.clear();
    std::uint32_t last = 0;
    for (std::uint32_t i = node + 1; i < nodes_[node].end; i = nodes_[i].end)
      if (numbers_[i] == kWanted) last = i;
    if (last == 0) return;
    const std::size_t first = elements_.size();
    for (std::uint32_t i = node + 1; i < nodes_[node].end; i = nodes_[i].end) {
      if (nodes_[i].element == nullptr) continue;
      const std::uint32_t count = ++counts_[page_.name(i)];
      if (numbers_[i] != kWanted) continue;
      numbers_[i] = static_cast<std::uint32_t>(elements_.size());
      const std::string_view id = page_.attribute(i, "id");
      elements_.push_back({parent, count, tag(page_.name(i)), id.size() > kMaxIdBytes ? 0 : name(id)});
    }
    for (std::size_t i = first; i < elements_.size(); ++i)
      if (counts_[names_[elements_[i].tag]] == 1) elements_[i].position = 0;
  }

  std::uint32_t tag(std::string_view name_of_tag) {
    const auto [found, added] = tags_.try_emplace(name_of_tag, 0);
    if (added) found->second = name(name_of_tag);
    return found->second;
  }

  std::uint32_t name(std::string_view text) {
    if (text.empty() && !names_.empty()) return 0;
    names_.emplace_back(text);
    return static_cast<std::uint32_t>(names_.size() - 1);
  }

  const PageTree& page_;
  const std::vector<PageNode>& nodes_;
  std::vector<std::uint32_t> numbers_;  // of each node: its element, once it has one
  std::vector<ElementMap::Element> elements_;
  std::vector<std::string> names_;
  std::unordered_map<std::string_view, std::uint32_t> tags_, counts_;  // by name, which lies in the page
};

}  // namespace

ElementMap map_elements(const PageTree& page, const std::vector<TakenText>& taken) { return Mapper(page).run(taken); }

}  // namespace renvoi::extract
