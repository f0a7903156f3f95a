// Bytes by digest: what was acknowledged is there, whatever fails; what was flipped is named; what was removed is gone.
#include "dataset/blob_store.h"

#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "dataset/blob_format.h"
#include "io/faulty_file_system.h"
#include "io/temporary_folder.h"

namespace renvoi::dataset {
namespace {

using io::Fault;
using io::FaultyFileSystem;
using renvoi::test::TemporaryFolder;

std::string random_blob(std::mt19937_64& random, std::size_t max_bytes) {
  std::string bytes(random() % (max_bytes + 1), '\0');
  const bool compressible = random() % 2 == 0;
  for (char& byte : bytes) byte = static_cast<char>(compressible ? 'a' + random() % 3 : random());
  return bytes;
}

std::vector<std::string> problems_of(io::FileSystem& files, const std::filesystem::path& folder) {
  std::vector<std::string> problems;
  const auto store = BlobStore::open(files, folder, Mode::read);
  if (!store.ok()) return {store.error().message};
  (*store)->check(problems);
  return problems;
}

TEST(BlobStore, GivesBackWhatWasPutOnceEach) {
  const TemporaryFolder folder;
  const auto files = io::real_file_system();
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const auto path = folder / std::to_string(seed);
    std::map<std::string, BlobNumber> expected;
    {
      auto store = BlobStore::open(*files, path, Mode::write, {.pack_bytes = 300'000});
      ASSERT_TRUE(store.ok()) << store.error().describe();
      for (int i = 0; i < 400; ++i) {
        std::string bytes = random() % 5 == 0 && !expected.empty() ? expected.begin()->first
                                                                   : random_blob(random, i % 40 == 0 ? 150'000 : 3'000);
        const auto number = (*store)->put(bytes);
        ASSERT_TRUE(number.ok()) << number.error().describe();
        const auto [known, is_new] = expected.emplace(std::move(bytes), *number);
        EXPECT_EQ(known->second, *number);
        if (i % 97 == 0) {
          ASSERT_TRUE((*store)->commit().ok());
        }
      }
      ASSERT_TRUE((*store)->commit().ok());
      EXPECT_EQ((*store)->count(), expected.size());
    }
    const auto store = BlobStore::open(*files, path, Mode::read);
    ASSERT_TRUE(store.ok()) << store.error().describe();
    ASSERT_EQ((*store)->count(), expected.size());
    EXPECT_GT(files->list(path / "packs")->size(), 1U);
    for (const auto& [bytes, number] : expected) {
      EXPECT_EQ((*store)->digest(number), sha256(bytes));
      EXPECT_EQ((*store)->find(sha256(bytes)), number);
      EXPECT_EQ((*store)->read(number).value_or("?"), bytes);
    }
    EXPECT_EQ((*store)->read((*store)->count()).error().code, ErrorCode::not_found);
    EXPECT_EQ(problems_of(*files, path), std::vector<std::string>{});
  }
}

TEST(BlobStore, EveryFlippedBitIsFoundAndNamed) {
  const TemporaryFolder folder(TemporaryFolder::On::memory);
  const auto files = io::real_file_system();
  std::mt19937_64 random(3);
  {
    auto store = BlobStore::open(*files, folder / "b", Mode::write);
    ASSERT_TRUE(store.ok());
    for (int i = 0; i < 6; ++i) ASSERT_TRUE((*store)->put(random_blob(random, 60)).ok());
    ASSERT_TRUE((*store)->commit().ok());
    for (int i = 0; i < 3; ++i) ASSERT_TRUE((*store)->put(random_blob(random, 60)).ok());
    ASSERT_TRUE((*store)->commit().ok());
  }
  ASSERT_TRUE(problems_of(*files, folder / "b").empty());
  for (const std::string name : {"blobs.log", "packs/000000.pack"}) {
    const auto path = folder / "b" / name;
    const std::string whole = *files->read(path, 1 << 20);
    for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
      std::string flipped = whole;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
      std::ofstream(path, std::ios::binary) << flipped;
      const auto problems = problems_of(*files, folder / "b");
      ASSERT_FALSE(problems.empty()) << name << " bit " << bit;
      EXPECT_NE(problems.front().find(name), std::string::npos) << name << " bit " << bit << ": " << problems.front();
    }
    std::ofstream(path, std::ios::binary) << whole;
  }
  EXPECT_TRUE(problems_of(*files, folder / "b").empty());
}

TEST(BlobStore, RemovedBytesAreOnNoDiskAndTheDigestStays) {
  const TemporaryFolder folder;
  const auto files = io::real_file_system();
  std::vector<std::string> blobs;
  for (int i = 0; i < 300; ++i) blobs.push_back("content number " + std::to_string(i) + std::string(700, 'x'));
  {
    auto store = BlobStore::open(*files, folder / "b", Mode::write);
    ASSERT_TRUE(store.ok());
    for (const auto& bytes : blobs) ASSERT_TRUE((*store)->put(bytes).ok());
    ASSERT_TRUE((*store)->commit().ok());
    const std::vector<BlobNumber> doomed{5, 77, 299};
    ASSERT_TRUE((*store)->remove(doomed).ok());
    EXPECT_EQ((*store)->put(blobs[77]).error().code, ErrorCode::gone);
    ASSERT_TRUE((*store)->put("something new").ok());
    ASSERT_TRUE((*store)->commit().ok());
    const std::vector<BlobNumber> one_more{78};  // its block was written by the removal before
    ASSERT_TRUE((*store)->remove(one_more).ok());
  }
  const auto store = BlobStore::open(*files, folder / "b", Mode::read);
  ASSERT_TRUE(store.ok());
  for (BlobNumber i = 0; i < blobs.size(); ++i) {
    const bool gone = i == 5 || i == 77 || i == 78 || i == 299;
    EXPECT_EQ((*store)->digest(i), sha256(blobs[i]));
    EXPECT_EQ((*store)->removed(i), gone) << i;
    if (gone) {
      EXPECT_EQ((*store)->read(i).error().code, ErrorCode::gone);
    } else {
      EXPECT_EQ((*store)->read(i).value_or("?"), blobs[i]);
    }
  }
  EXPECT_TRUE(problems_of(*files, folder / "b").empty());
}

TEST(BlobStore, TheLogCanBeBuiltAgainFromThePacks) {
  const TemporaryFolder folder;
  const auto files = io::real_file_system();
  std::mt19937_64 random(8);
  std::vector<std::string> blobs;
  {
    auto store = BlobStore::open(*files, folder / "b", Mode::write, {.pack_bytes = 100'000});
    for (int i = 0; i < 200; ++i) {
      blobs.push_back(std::to_string(i) + random_blob(random, 4'000));
      ASSERT_TRUE((*store)->put(blobs.back()).ok());
    }
    ASSERT_TRUE((*store)->commit().ok());
    ASSERT_TRUE((*store)->remove(std::vector<BlobNumber>{3, 150}).ok());
  }
  ASSERT_TRUE(files->remove(folder / "b" / "blobs.log").ok());
  const auto lost = rebuild_blob_log(*files, folder / "b");
  ASSERT_TRUE(lost.ok()) << lost.error().describe();
  EXPECT_EQ(*lost, 2U);
  const auto store = BlobStore::open(*files, folder / "b", Mode::read);
  ASSERT_TRUE(store.ok()) << store.error().describe();
  ASSERT_EQ((*store)->count(), blobs.size());
  for (BlobNumber i = 0; i < blobs.size(); ++i) {
    if (i == 3 || i == 150) {
      EXPECT_EQ((*store)->read(i).error().code, ErrorCode::gone);
    } else {
      EXPECT_EQ((*store)->read(i).value_or("?"), blobs[i]);
    }
  }
}

// Whatever operation of the disk fails, and however power goes: what commit() acknowledged is there, and what a removal
// acknowledged is not.
TEST(BlobStore, NoFaultLosesWhatWasAcknowledged) {
  const auto real = io::real_file_system();
  for (const Fault fault : {Fault::error_before, Fault::error_after, Fault::crash_before, Fault::crash_after}) {
    for (std::uint64_t at = 1; at < 60; ++at) {
      SCOPED_TRACE("operation " + std::to_string(at) + " fault " + std::to_string(static_cast<int>(fault)));
      const TemporaryFolder folder(TemporaryFolder::On::memory);
      FaultyFileSystem files(*real, {.at_operation = at, .fault = fault});
      std::vector<std::string> acknowledged, removed;
      const auto work = [&]() -> Result<void> {
        RENVOI_TRY(auto store, BlobStore::open(files, folder / "b", Mode::write, {.pack_bytes = 2'000}));
        for (int round = 0; round < 4; ++round) {
          std::vector<std::string> put;
          for (int i = 0; i < 3; ++i) {
            put.push_back("round " + std::to_string(round) + " " + std::to_string(i) + std::string(900, 'y'));
            RENVOI_CHECK(store->put(put.back()));
          }
          RENVOI_CHECK(store->commit());
          acknowledged.insert(acknowledged.end(), put.begin(), put.end());
          if (round == 2) {
            RENVOI_CHECK(store->remove(std::vector<BlobNumber>{*store->find(sha256(acknowledged[1]))}));
            removed.push_back(acknowledged[1]);
          }
        }
        return {};
      };
      const bool whole = work().ok();
      files.lose_power(FaultyFileSystem::Unsynced::mixed, at);
      auto store = BlobStore::open(*real, folder / "b", Mode::write);
      ASSERT_TRUE(store.ok()) << store.error().describe();
      for (const std::string& bytes : acknowledged) {
        const auto number = (*store)->find(sha256(bytes));
        ASSERT_TRUE(number.has_value());
        if (!removed.empty() && bytes == removed.front()) {
          EXPECT_EQ((*store)->read(*number).error().code, ErrorCode::gone);
        } else if (!(*store)->removed(*number) || bytes != acknowledged[1]) {  // a removal in flight may be done or not
          EXPECT_EQ((*store)->read(*number).value_or("?"), bytes);
        }
      }
      ASSERT_TRUE((*store)->put("and on").ok());
      ASSERT_TRUE((*store)->commit().ok());
      store->reset();
      EXPECT_EQ(problems_of(*real, folder / "b"), std::vector<std::string>{});
      if (whole && at > 40) break;
    }
  }
}

TEST(BlobStore, AFullDiskIsSaidAndNothingIsLost) {
  const auto real = io::real_file_system();
  for (std::uint64_t free = 0; free < 6'000; free += 137) {
    const TemporaryFolder folder(TemporaryFolder::On::memory);
    FaultyFileSystem files(*real, {.free_bytes = free});
    std::size_t acknowledged = 0;
    Result<void> outcome;
    {
      auto store = BlobStore::open(files, folder / "b", Mode::write);
      if (store.ok()) {
        for (int i = 0; i < 10 && outcome.ok(); ++i) {
          std::mt19937_64 random(static_cast<unsigned>(i));
          std::string bytes(600, '\0');
          for (char& byte : bytes) byte = static_cast<char>(random());
          if (const auto put = (*store)->put(bytes); !put.ok()) outcome = put.error();
          if (outcome.ok()) outcome = (*store)->commit();
          if (outcome.ok()) ++acknowledged;
        }
      } else {
        outcome = store.error();
      }
    }
    ASSERT_FALSE(outcome.ok());
    EXPECT_EQ(outcome.error().code, ErrorCode::exhausted);
    auto store = BlobStore::open(*real, folder / "b", Mode::write);
    ASSERT_TRUE(store.ok()) << store.error().describe();
    EXPECT_GE((*store)->count(), acknowledged);
    EXPECT_EQ(problems_of(*real, folder / "b"), std::vector<std::string>{}) << free;
  }
}

TEST(PackBlock, HostileBytesAreCorruptNeverACrash) {
  std::mt19937_64 random(5);
  BlockContent content;
  for (std::uint32_t i = 0; i < 4; ++i) {
    content.numbers.push_back(i * i);
    const std::string bytes = random_blob(random, 50);
    content.lengths_bytes.push_back(bytes.size());
    content.raw += bytes;
  }
  const std::string block = encode_block(content);
  const auto back = decode_block(block);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->numbers, content.numbers);
  EXPECT_EQ(back->raw, content.raw);
  for (std::size_t size = 0; size < block.size(); ++size) {
    const std::vector<char> exact(block.begin(), block.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(decode_block({exact.data(), exact.size()}).ok());
  }
}

}  // namespace
}  // namespace renvoi::dataset
