#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <system_error>

#include "base/date.h"
#include "dataset/sources.h"
#include "io/system_error.h"

namespace renvoi::dataset {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr std::uint64_t kMaxCocoBytes = std::uint64_t{4} << 30;

std::string dump(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

struct Image {
  std::string file;
  std::string id;  // as JSON
  ItemFacts facts;
  std::vector<Label> labels;
};

// A file name may not lead out of the folder.
bool stays_inside(const std::string& name) {
  const fs::path path = fs::path(name).lexically_normal();
  return !name.empty() && path.is_relative() && *path.begin() != "..";
}

std::string text_of(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

class CocoReader {
 public:
  explicit CocoReader(const Json& json) : json_(json) {}

  Result<std::vector<Image>> images() {
    for (const char* needed : {"images", "annotations", "categories"})
      if (!json_.contains(needed) || !json_[needed].is_array()) return invalid(fmt::format("has no list '{}'", needed));
    if (json_.contains("licenses") && json_["licenses"].is_array())
      for (const Json& licence : json_["licenses"])
        if (licence.is_object() && licence.contains("id"))
          licences_[dump(licence["id"])] =
              text_of(licence, "url").empty() ? text_of(licence, "name") : text_of(licence, "url");
    for (const Json& category : json_["categories"]) {
      if (!category.is_object() || !category.contains("id") || text_of(category, "name").empty())
        return invalid("has a category without id or name");
      categories_[dump(category["id"])] = text_of(category, "name");
    }
    std::map<std::string, std::size_t> by_id;
    for (const Json& image : json_["images"]) {
      RENVOI_CHECK(read_image(image));
      if (!by_id.emplace(images_.back().id, images_.size() - 1).second) return invalid("has two images of one id");
    }
    for (const Json& annotation : json_["annotations"]) RENVOI_CHECK(read_annotation(annotation, by_id));
    return std::move(images_);
  }

 private:
  static Error invalid(std::string_view what) { return {ErrorCode::invalid, fmt::format("no COCO file: it {}", what)}; }

  Result<void> read_image(const Json& given) {
    if (!given.is_object() || !given.contains("id")) return invalid("has an image without id");
    Image image;
    image.id = dump(given["id"]);
    image.file = text_of(given, "file_name");
    if (!stays_inside(image.file)) return invalid(fmt::format("has an image whose file_name is '{}'", image.file));
    if (given.contains("license")) image.facts.licence = licences_[dump(given["license"])];
    image.facts.final_address = text_of(given, "coco_url");
    image.facts.headers.emplace_back("coco-id", image.id);
    for (const char* size : {"height", "width"})
      if (given.contains(size) && given[size].is_number()) image.facts.headers.emplace_back(size, dump(given[size]));
    images_.push_back(std::move(image));
    return {};
  }

  Result<void> read_annotation(const Json& given, const std::map<std::string, std::size_t>& by_id) {
    if (!given.is_object() || !given.contains("image_id") || !given.contains("category_id") || !given.contains("bbox"))
      return invalid("has an annotation without image_id, category_id or bbox");
    const auto image = by_id.find(dump(given["image_id"]));
    const auto category = categories_.find(dump(given["category_id"]));
    if (image == by_id.end() || category == categories_.end())
      return invalid("has an annotation of an unknown image or category");
    Label label;
    label.selector.kind = SelectorKind::box;
    const Json& box = given["bbox"];
    if (!box.is_array() || box.size() != 4) return invalid("has a bbox that is none");
    for (const Json& number : box) {
      if (!number.is_number()) return invalid("has a bbox that is none");
      label.selector.values.push_back(number.get<double>());
    }
    label.body = {BodyKind::label, "class", category->second};
    images_[image->second].labels.push_back(label);
    Json rest = given;  // segmentation, area, iscrowd, id: kept for the way back
    for (const char* told : {"image_id", "category_id", "bbox"}) rest.erase(told);
    if (!rest.empty()) {
      label.body = {BodyKind::structure, "coco", dump(rest)};
      images_[image->second].labels.push_back(std::move(label));
    }
    return {};
  }

  const Json& json_;
  std::map<std::string, std::string> licences_, categories_;
  std::vector<Image> images_;
};

class CocoSource final : public EntrySource {
 public:
  CocoSource(io::FileSystem& files, fs::path json, fs::path images, std::vector<Image> list)
      : files_(files), json_(std::move(json)), images_(std::move(images)), list_(std::move(list)) {}
  std::string kind() const override { return "coco"; }
  std::string address() const override { return json_.string(); }

  Result<void> walk(const TakeEntry& take, std::vector<std::string>&) override {
    for (const Image& image : list_) {
      Entry entry;
      entry.origin = image.file;
      entry.facts = image.facts;
      entry.labels = image.labels;
      entry.read = [this, &image](Entry&) { return files_.read(images_ / image.file, kMaxBlobBytes); };
      RENVOI_TRY(const bool go_on, take(std::move(entry)));
      if (!go_on) break;
    }
    return {};
  }

 private:
  io::FileSystem& files_;
  const fs::path json_, images_;
  const std::vector<Image> list_;
};

}  // namespace

Result<std::unique_ptr<EntrySource>> coco_source(io::FileSystem& files, const fs::path& json, const fs::path& images) {
  std::error_code error;
  const fs::path whole = fs::canonical(json, error);
  if (error) return io::system_error(error.value(), "cannot read the COCO file", json);
  RENVOI_TRY(const std::string text, files.read(whole, kMaxCocoBytes));
  const Json value = Json::parse(text, nullptr, false);
  if (!value.is_object()) return Error{ErrorCode::invalid, fmt::format("{} is no JSON object", whole.string())};
  auto list = CocoReader(value).images();
  if (!list.ok()) return list.error().in(whole.string());
  return std::unique_ptr<EntrySource>(std::make_unique<CocoSource>(
      files, whole, images.empty() ? whole.parent_path() : images, std::move(list).value()));
}

}  // namespace renvoi::dataset
