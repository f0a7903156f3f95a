#include "extract/package.h"

#include "base/date.h"
#include "base/utf8.h"

namespace renvoi::extract {
namespace {

constexpr std::size_t kMaxRelationships = 100'000;

}  // namespace

Result<Package> Package::open(std::string_view bytes, const WantedEntry& wanted, const Reading& reading) {
  RENVOI_TRY(std::vector<ArchiveEntry> entries, read_archive(bytes, wanted, ArchiveLimits{}, reading.deadline));
  Package package;
  for (ArchiveEntry& entry : entries) {
    std::string name = entry.name;
    package.parts_.emplace(std::move(name), std::move(entry));
  }
  return package;
}

std::string_view Package::part(std::string_view name) const {
  const auto found = parts_.find(name);
  return found == parts_.end() ? std::string_view{} : std::string_view(found->second.bytes);
}

Result<void> Package::parse(std::string_view name, pugi::xml_document& document, bool& cut) const {
  const auto found = parts_.find(name);
  if (found == parts_.end()) return {};
  const ArchiveEntry& entry = found->second;
  if (!entry.problem.empty()) return Error{ErrorCode::corrupt, entry.name + " cannot be read: " + entry.problem};
  bool this_cut = entry.truncated;
  RENVOI_CHECK(parse_part(document, entry.bytes, entry.name, this_cut));
  cut |= this_cut;
  return {};
}

Relationships Package::relationships(std::string_view part) const {
  const std::size_t slash = part.rfind('/') + 1;  // 0 when there is none
  const std::string name = std::string(part.substr(0, slash)) + "_rels/" + std::string(part.substr(slash)) + ".rels";
  pugi::xml_document tree;
  bool cut = false;
  Relationships out;
  if (!parse(name, tree, cut)) return out;
  for (const pugi::xml_node& node : child(tree, "Relationships").children()) {
    if (local_name(node) != "Relationship" || out.size() >= kMaxRelationships) continue;
    const std::string_view type = attribute(node, "Type"), target = attribute(node, "Target");
    Relationship relationship;
    relationship.type = std::string(type.substr(type.rfind('/') + 1));
    relationship.external = attribute(node, "TargetMode") == "External";
    relationship.target = relationship.external ? repair_utf8(target) : resolve_part(part, target);
    out.emplace(std::string(attribute(node, "Id")), std::move(relationship));
  }
  return out;
}

std::string resolve_part(std::string_view from, std::string_view target) {
  std::string joined;
  if (!target.starts_with('/')) joined = std::string(from.substr(0, from.rfind('/') + 1));
  joined += target;
  std::vector<std::string_view> names;
  for (std::string_view rest = joined; !rest.empty();) {
    const std::string_view name = rest.substr(0, rest.find('/'));
    rest.remove_prefix(std::min(rest.size(), name.size() + 1));
    if (name == "..") {
      if (!names.empty()) names.pop_back();
    } else if (!name.empty() && name != ".") {
      names.push_back(name);
    }
  }
  std::string out;
  for (const std::string_view name : names) {
    if (!out.empty()) out += '/';
    out += name;
  }
  return out;
}

void read_core_properties(const Package& package, Document& document, std::string& language) {
  std::string part = "docProps/core.xml";
  for (const auto& [id, relationship] : package.relationships(""))
    if (relationship.type == "core-properties") part = relationship.target;
  pugi::xml_document tree;
  if (!package.parse(part, tree, document.truncated)) return;  // what it says is a help, not the text
  const pugi::xml_node properties = child(tree, "coreProperties");
  document.title = title_of(child(properties, "title").child_value());
  const std::string_view creators = child(properties, "creator").child_value();
  for (std::string_view rest = creators; !rest.empty();) {
    const std::string_view name = rest.substr(0, rest.find(';'));
    rest.remove_prefix(std::min(rest.size(), name.size() + 1));
    add_author(document, name);
  }
  document.published = parse_date_time(child(properties, "created").child_value());
  document.modified = parse_date_time(child(properties, "modified").child_value());
  language = child(properties, "language").child_value();
}

}  // namespace renvoi::extract
