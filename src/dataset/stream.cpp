#include "dataset/stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "dataset/media_type.h"
#include "dataset/state.h"
#include "io/bytes.h"

namespace renvoi::dataset {
namespace {

constexpr std::uint64_t kGroup = 256;  // samples
constexpr std::uint64_t kWindow = 64;  // groups

// The class that counts: of the whole item, field "class" or the first there is.
const Answer* class_of(const ItemState& state) {
  const Answer* found = nullptr;
  for (const Answer& answer : state.answers) {
    if (answer.body.kind != BodyKind::label || answer.selector.kind != SelectorKind::whole) continue;
    if (answer.field == "class") return &answer;
    if (found == nullptr) found = &answer;
  }
  return found;
}

bool is_selected(const Answer* answer, Selection selection) {
  if (selection == Selection::all) return true;
  if (answer == nullptr) return false;
  return answer->state == State::verified || (selection == Selection::annotated && answer->state == State::proposed);
}

}  // namespace

Result<StreamView> make_view(const Snapshot& snapshot, Selection selection) {
  StreamView view;
  std::map<std::string, std::uint32_t> numbers;
  for (std::size_t chunk = 0; chunk < snapshot.chunks().size(); ++chunk) {
    RENVOI_TRY(const auto items, snapshot.chunk(chunk));
    for (const SnapshotItem& item : items) {
      if (item.removed) continue;
      const ItemState state = derive(item.assertions, snapshot.root().agents, snapshot.root().settings.rule);
      const Answer* answer = class_of(state);
      if (!is_selected(answer, selection)) continue;
      const bool shown = answer != nullptr && is_selected(answer, Selection::annotated);
      view.items.push_back(item.item.number);
      view.classes.push_back(
          shown ? numbers.emplace(answer->body.value, static_cast<std::uint32_t>(numbers.size())).first->second
                : StreamView::kNoClass);
    }
  }
  // Classes are numbered by name, not by who came first.
  std::vector<std::uint32_t> sorted(numbers.size());
  for (const auto& [name, number] : numbers) {
    sorted[number] = static_cast<std::uint32_t>(view.class_names.size());
    view.class_names.push_back(name);
  }
  for (std::uint32_t& number : view.classes)
    if (number != StreamView::kNoClass) number = sorted[number];
  return view;
}

StreamOrder::StreamOrder(const StreamView& view, const StreamSpec& spec)
    : spec_(spec),
      size_(view.items.size()),
      key_(mix(mix(spec.seed) ^ spec.epoch)),
      groups_((view.items.size() + kGroup - 1) / kGroup),
      group_order_(std::max<std::uint64_t>(groups_, 1), key_) {}

Result<StreamOrder> StreamOrder::make(const StreamView& view, const StreamSpec& spec) {
  StreamOrder order(view, spec);
  if (spec.balanced) {
    std::vector<std::vector<std::uint32_t>> all(view.class_names.size());
    for (std::size_t i = 0; i < view.items.size(); ++i)
      if (view.classes[i] != StreamView::kNoClass) all[view.classes[i]].push_back(static_cast<std::uint32_t>(i));
    for (auto& members : all)
      if (!members.empty()) order.of_class_.push_back(std::move(members));
    if (order.of_class_.empty()) return Error{ErrorCode::invalid, "a balanced stream needs items with a class"};
  }
  for (std::uint64_t place = 0; place < order.groups_; ++place)
    if (order.group_order_.at(place) == order.groups_ - 1) order.place_of_last_ = place;
  return order;
}

std::size_t StreamOrder::at(std::uint64_t position) const {
  if (spec_.balanced) return balanced_at(position);
  return spec_.shuffled ? shuffled_at(position) : static_cast<std::size_t>(position);
}

// Groups lie in the order of group_order_; one of them, the last of the view, may be short.
std::size_t StreamOrder::shuffled_at(std::uint64_t position) const {
  const std::uint64_t missing = groups_ * kGroup - size_;
  const auto begin_of = [&](std::uint64_t place) { return place * kGroup - (place > place_of_last_ ? missing : 0); };
  const auto place_of = [&](std::uint64_t at) {
    const bool after = at >= begin_of(place_of_last_ + 1);
    return (after ? at + missing : at) / kGroup;
  };
  const std::uint64_t window = place_of(position) / kWindow;
  const std::uint64_t begin = begin_of(window * kWindow);
  const std::uint64_t end = begin_of(std::min((window + 1) * kWindow, groups_));
  const std::uint64_t mixed = begin + Permutation(end - begin, mix(key_ ^ mix(window))).at(position - begin);
  const std::uint64_t place = place_of(mixed);
  return static_cast<std::size_t>(group_order_.at(place) * kGroup + (mixed - begin_of(place)));
}

std::size_t StreamOrder::balanced_at(std::uint64_t position) const {
  const std::uint64_t classes = of_class_.size(), round = position / classes;
  const std::uint64_t chosen = Permutation(classes, mix(key_ ^ mix(~round))).at(position % classes);
  const auto& members = of_class_[chosen];
  const std::uint64_t cycle = round / members.size();
  const Permutation order(members.size(), mix(mix(key_ + chosen) ^ cycle));
  return members[order.at(round % members.size())];
}

Result<Sample> read_sample(const Dataset& dataset, const StreamView& view, const StreamOrder& order,
                           std::uint64_t position) {
  if (position >= order.size())
    return Error{ErrorCode::invalid,
                 fmt::format("position {} is beyond the {} samples of an epoch", position, order.size())};
  const std::size_t index = order.at(position);
  Sample sample;
  sample.position = position;
  sample.item = view.items[index];
  sample.label = view.classes[index];
  if (sample.item >= dataset.count()) return Error{ErrorCode::corrupt, "a snapshot has an item that the dataset lacks"};
  sample.digest = dataset.digest(sample.item);
  RENVOI_TRY(const Item item, dataset.item(sample.item));
  sample.media_type = item.media_type;
  sample.removed = dataset.is_removed(sample.item);
  if (!sample.removed) {
    RENVOI_TRY(sample.bytes, dataset.bytes(sample.item));
  }
  return sample;
}

namespace {

// POSIX.1-1988 ustar; times, owners and modes are always the same, so that the same samples are the same bytes.
void append_member(std::string& tar, const std::string& name, std::string_view bytes) {
  std::string header(512, '\0');
  const auto put = [&](std::size_t at, std::string_view text) { header.replace(at, text.size(), text); };
  put(0, std::string_view(name).substr(0, 100));
  put(100, "0000644");
  put(108, "0000000");
  put(116, "0000000");
  put(124, fmt::format("{:011o}", bytes.size()));
  put(136, "00000000000");
  put(148, "        ");
  put(156, "0");
  put(257, std::string_view("ustar\00000", 8));
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  put(148, fmt::format("{:06o}", sum));
  header[154] = '\0';
  tar += header;
  tar += bytes;
  tar.append((512 - bytes.size() % 512) % 512, '\0');
}

}  // namespace

void append_tar(std::string& tar, const Sample& sample, const StreamView& view) {
  const std::string key = fmt::format("{:012}", sample.position);
  const bool has_class = sample.label != StreamView::kNoClass;
  const std::string_view extension = extension_of(sample.media_type);
  const std::string_view before = extension == "json" ? ".content." : ".";  // KEY.json is ours
  if (!sample.removed) append_member(tar, fmt::format("{}{}{}", key, before, extension), sample.bytes);
  if (has_class) append_member(tar, key + ".cls", std::to_string(sample.label));
  std::string json = fmt::format(R"({{"item": {}, "position": {}, "sha256": "{}")", sample.item, sample.position,
                                 to_hex(sample.digest));
  if (sample.removed) json += ", \"removed\": true";
  if (has_class) {
    std::string name;
    for (const char c : view.class_names[sample.label]) {
      if (c == '"' || c == '\\') name += '\\';
      if (static_cast<unsigned char>(c) < 0x20)
        name += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
      else
        name += c;
    }
    json += fmt::format(", \"class\": \"{}\"", name);
  }
  append_member(tar, key + ".json", json + "}");
}

void end_tar(std::string& tar) { tar.append(1'024, '\0'); }

void append_frame(std::string& out, const Sample& sample) {
  const std::string_view type = std::string_view(sample.media_type).substr(0, 255);
  io::ByteWriter writer;
  writer.u32(static_cast<std::uint32_t>(4 + 8 + 4 + 1 + 1 + type.size() + sample.digest.size() + sample.bytes.size()));
  writer.u32(sample.label);
  writer.u64(sample.position);
  writer.u32(sample.item);
  writer.u8(sample.removed ? 1 : 0);
  writer.u8(static_cast<std::uint8_t>(type.size()));
  writer.append(type);
  writer.append(sample.digest);
  out += writer.str();
  out += sample.bytes;
}

}  // namespace renvoi::dataset
