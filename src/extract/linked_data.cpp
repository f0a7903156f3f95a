#include "extract/linked_data.h"

#include <lexbor/tag/const.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/utf8.h"

namespace renvoi::extract {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxScripts = 16;
constexpr std::size_t kMaxScriptBytes = 256 * 1024;
constexpr std::size_t kMaxThings = 64;
constexpr std::size_t kMaxNames = 8;
constexpr std::size_t kMaxValueBytes = 2'000;

std::string lower(std::string_view text) {
  std::string out(text.substr(0, 64));
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

std::string text_of(const Json& value) {
  return value.is_string() ? std::string(truncate_utf8(value.get_ref<const std::string&>(), kMaxValueBytes))
                           : std::string();
}

std::string member(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() ? std::string() : text_of(*found);
}

// A name, an object with a name, or a list of such.
void read_names(const Json& value, std::vector<std::string>& names) {
  const auto add = [&](const Json& each) {
    std::string name = each.is_object() ? member(each, "name") : text_of(each);
    if (!name.empty() && names.size() < kMaxNames) names.push_back(std::move(name));
  };
  if (!value.is_array()) return add(value);
  for (const Json& each : value) add(each);
}

void read_names(const Json& object, const char* name, std::vector<std::string>& names) {
  if (const auto found = object.find(name); found != object.end()) read_names(*found, names);
}

void read_types(const Json& object, std::vector<std::string>& types) {
  read_names(object, "@type", types);
  for (std::string& type : types)
    if (const std::size_t slash = type.rfind('/'); slash != std::string::npos) type.erase(0, slash + 1);
}

// An address, or an object that has one.
std::string address(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) return {};
  if (!found->is_object()) return text_of(*found);
  for (const char* part : {"url", "@id", "name"})
    if (std::string value = member(*found, part); !value.empty()) return value;
  return {};
}

LinkedThing thing_of(const Json& object) {
  LinkedThing thing;
  read_types(object, thing.types);
  thing.name = member(object, "headline");
  if (thing.name.empty()) thing.name = member(object, "name");
  read_names(object, "author", thing.authors);
  thing.published = member(object, "datePublished");
  thing.modified = member(object, "dateModified");
  thing.description = member(object, "description");
  thing.language = member(object, "inLanguage");
  thing.licence = address(object, "license");
  std::vector<std::string> publishers;
  read_names(object, "publisher", publishers);
  if (!publishers.empty()) thing.publisher = publishers.front();
  return thing;
}

class Reader {
 public:
  explicit Reader(std::vector<LinkedThing>& things) : things_(things) {}

  void read(const Json& value) {
    if (!value.is_array()) return read_object(value);
    for (const Json& each : value) read_object(each);
  }

 private:
  void read_object(const Json& value) {
    if (!value.is_object()) return;
    add(value);
    const auto graph = value.find("@graph");
    if (graph == value.end() || !graph->is_array()) return;
    for (const Json& each : *graph)
      if (each.is_object()) add(each);
  }

  void add(const Json& object) {
    if (things_.size() < kMaxThings) things_.push_back(thing_of(object));
  }

  std::vector<LinkedThing>& things_;
};

}  // namespace

bool LinkedThing::is(std::string_view type) const { return std::find(types.begin(), types.end(), type) != types.end(); }

bool LinkedThing::is_article() const {
  return std::any_of(types.begin(), types.end(), [](const std::string& type) {
    return type.ends_with("Article") || type == "BlogPosting" || type == "Report" || type == "LiveBlogPosting";
  });
}

std::vector<LinkedThing> read_linked_data(const PageTree& page) {
  std::vector<LinkedThing> things;
  const std::vector<PageNode>& nodes = page.nodes();
  std::size_t scripts = 0;
  for (std::uint32_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].tag != LXB_TAG_SCRIPT || lower(page.attribute(i, "type")) != "application/ld+json") continue;
    if (++scripts > kMaxScripts) break;
    std::string text;
    for (std::uint32_t child = i + 1; child < nodes[i].end && text.size() <= kMaxScriptBytes; ++child)
      text += nodes[child].text;
    if (text.size() > kMaxScriptBytes) continue;
    const Json value = Json::parse(text, nullptr, false);
    Reader(things).read(value);
  }
  return things;
}

}  // namespace renvoi::extract
