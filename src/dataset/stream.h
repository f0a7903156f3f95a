// Training streams: which sample stands at which position, and its bytes.
//
// The order is a pure function of (snapshot, selection, seed, epoch, position): it does not depend on how many workers
// or ranks read it, and can be resumed at any position. The shuffle has two levels: groups of neighbours are put in
// random order, and the samples of 64 groups at a time are mixed, so that a reader touches little of the disk at a
// time. `balanced` draws each class equally often instead.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "dataset/dataset.h"
#include "dataset/permutation.h"
#include "dataset/snapshot.h"

namespace renvoi::dataset {

enum class Selection : std::uint8_t {
  verified,   // items with a verified class
  annotated,  // items with a class, proposed ones too, but none that is disputed or rejected
  all,
};

struct StreamSpec {
  std::uint64_t seed = 0, epoch = 0;
  bool shuffled = true;
  bool balanced = false;
};

// The selected items of a snapshot. 8 bytes an item.
struct StreamView {
  static constexpr std::uint32_t kNoClass = 0xFFFF'FFFF;
  std::vector<ItemNumber> items;         // in order
  std::vector<std::uint32_t> classes;    // of each, an index into class_names; kNoClass
  std::vector<std::string> class_names;  // sorted
};
// Reads the whole snapshot. Items that were removed before it was made are left out; what was removed since keeps its
// position, without bytes.
Result<StreamView> make_view(const Snapshot& snapshot, Selection selection);

// Pure; it keeps nothing of the view but its size and, when it is balanced, who is of which class.
class StreamOrder {
 public:
  // Errors: `invalid` (balanced, and no item has a class).
  static Result<StreamOrder> make(const StreamView& view, const StreamSpec& spec);
  std::uint64_t size() const { return size_; }   // samples in an epoch
  std::size_t at(std::uint64_t position) const;  // an index into view.items; position < size(). O(1)

 private:
  StreamOrder(const StreamView& view, const StreamSpec& spec);
  std::size_t shuffled_at(std::uint64_t position) const;
  std::size_t balanced_at(std::uint64_t position) const;
  StreamSpec spec_;
  std::uint64_t size_ = 0, key_ = 0, groups_ = 0;
  Permutation group_order_;
  std::uint64_t place_of_last_ = 0;  // of the short group, in group_order_
  std::vector<std::vector<std::uint32_t>> of_class_;
};

struct Sample {
  std::uint64_t position = 0;
  ItemNumber item = 0;
  std::uint32_t label = StreamView::kNoClass;
  bool removed = false;  // since the snapshot was made: no bytes
  Sha256 digest{};
  std::string media_type;
  std::string bytes;
};
// Checked against its digest. Errors: `invalid` (a position beyond the epoch), `corrupt`.
Result<Sample> read_sample(const Dataset& dataset, const StreamView& view, const StreamOrder& order,
                           std::uint64_t position);

// The sample as WebDataset has it: members KEY.EXT, KEY.json and, when it has a class, KEY.cls, with KEY the position.
// The same sample gives the same bytes. A removed one has only its JSON.
void append_tar(std::string& tar, const Sample& sample, const StreamView& view);
void end_tar(std::string& tar);
// u32 length of what follows, u32 class (0xFFFFFFFF none), u64 position, u32 item, u8 removed, u8 length of the media
// type, the type, 32 digest, the bytes: what clients/python reads.
void append_frame(std::string& out, const Sample& sample);

}  // namespace renvoi::dataset
