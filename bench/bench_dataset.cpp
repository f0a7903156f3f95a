// The dataset store in C++: capture of a tar, streaming, and ten million assertions. bench/dataset.py drives it beside
// other programs and prints the table.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <random>

#include "dataset/capture.h"
#include "dataset/snapshots.h"
#include "dataset/sources.h"
#include "dataset/state.h"
#include "dataset/stream.h"
#include "need.h"

namespace {

using namespace renvoi;
using namespace renvoi::dataset;
using renvoi::bench::need;
using Clock = std::chrono::steady_clock;

void must(const Result<void>& result) {
  if (result.ok()) return;
  fmt::print(stderr, "{}\n", result.error().describe());
  std::exit(1);
}

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

// Reads an epoch in its shuffled order, every byte checked against its digest.
void stream(io::FileSystem& files, const std::filesystem::path& folder) {
  const auto set = need(Dataset::open(files, folder, Mode::read));
  const auto snapshots = need(Snapshots::open(files, folder, Mode::read));
  const Snapshot snapshot = need(snapshots->open_snapshot("latest"));
  const StreamView view = need(make_view(snapshot, Selection::all));
  for (const bool shuffled : {false, true}) {
    const StreamOrder order = need(StreamOrder::make(view, {.seed = 1, .shuffled = shuffled}));
    const auto begin = Clock::now();
    std::uint64_t bytes = 0;
    for (std::uint64_t position = 0; position < order.size(); ++position)
      bytes += need(read_sample(*set, view, order, position)).bytes.size();
    const double time = seconds_since(begin);
    fmt::print("stream {}: {:.0f} samples/s, {:.0f} MB/s\n", shuffled ? "shuffled" : "in order",
               static_cast<double>(order.size()) / time, static_cast<double>(bytes) / 1e6 / time);
  }
}

void assertions(io::FileSystem& files, const std::filesystem::path& folder, std::uint64_t count, std::uint32_t items) {
  auto set = need(Dataset::open(files, folder, Mode::write));
  (void)set->items().add_source("bench", "", "", 1);
  for (std::uint32_t number = 0; number < items; ++number) {
    Item item;
    item.origin = fmt::format("images/{:08}.png", number);
    item.media_type = "image/png";
    (void)need(set->add(item, std::to_string(number)));
    must(set->commit_if_full());
  }
  must(set->commit());
  auto store = need(AssertionStore::open(files, folder, Mode::write));
  const AgentNumber people[] = {store->agent({AgentKind::person, "anna", "", ""}),
                                store->agent({AgentKind::person, "bruno", "", ""})};
  std::mt19937_64 random(1);
  auto begin = Clock::now();
  std::vector<Assertion> batch;
  for (std::uint64_t i = 0; i < count; ++i) {
    Assertion one;
    one.item = static_cast<ItemNumber>(random() % items);
    one.agent = people[i % 2];
    one.at = 1'760'000'000;
    one.body = {BodyKind::label, "class", fmt::format("class {}", random() % 10)};
    batch.push_back(std::move(one));
    if (batch.size() < 10'000 && i + 1 < count) continue;
    (void)need(store->append(batch));
    must(store->index_if_due(1'000'000));
    batch.clear();
  }
  must(store->index_if_due(1));
  fmt::print("{} assertions added in {:.1f} s, {:.0f} bytes each\n", count, seconds_since(begin),
             static_cast<double>(files.disk_bytes(folder / "assertions")) / static_cast<double>(count));
  store.reset();
  begin = Clock::now();
  store = need(AssertionStore::open(files, folder, Mode::read));
  fmt::print("opened in {:.1f} ms\n", seconds_since(begin) * 1e3);
  std::vector<double> times;
  for (int i = 0; i < 10'000; ++i) {
    const auto item = static_cast<ItemNumber>(random() % items);
    begin = Clock::now();
    const ItemState state = derive(need(store->of(item)), store->agents(), {2, 2});
    times.push_back(seconds_since(begin) * 1e3);
    if (state.answers.size() > 1) fmt::print("?\n");
  }
  std::sort(times.begin(), times.end());
  fmt::print("state of an item: median {:.4f} ms, 99.9 % {:.4f} ms, most {:.4f} ms\n", times[5'000], times[9'990],
             times.back());
  auto snapshots = need(Snapshots::open(files, folder, Mode::write));
  begin = Clock::now();
  (void)need(snapshots->make(*set, *store, "", 1));
  fmt::print("first snapshot {:.2f} s", seconds_since(begin));
  store = need(AssertionStore::open(files, folder, Mode::write));
  (void)need(store->append(
      std::vector<Assertion>{{.item = items / 2, .agent = 0, .body = {BodyKind::label, "class", "new"}}}));
  begin = Clock::now();
  (void)need(snapshots->make(*set, *store, "", 1));
  fmt::print(", one after a single assertion {:.3f} s\n", seconds_since(begin));
}

}  // namespace

int main(int argc, char** argv) {
  const auto files = io::real_file_system();
  const std::string what = argc > 2 ? argv[1] : "";
  if (what == "stream") {
    stream(*files, argv[2]);
  } else if (what == "assertions") {
    const std::uint64_t count = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 10'000'000;
    assertions(*files, argv[2], count, static_cast<std::uint32_t>(count / 10));
  } else {
    fmt::print(stderr, "bench_dataset stream FOLDER | assertions EMPTY_FOLDER [COUNT]\n");
    return 2;
  }
  return 0;
}
