// A collection of known content for the tests of check, repair, snapshot and restore.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <random>
#include <set>

#include "index/naive_index.h"
#include "io/temporary_folder.h"
#include "search/collection.h"

namespace renvoi::search::test {

constexpr std::uint32_t kDimensions = 16;

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_file(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

// All files under a folder, by their path inside it.
inline std::map<std::string, std::string> files_under(const std::filesystem::path& folder) {
  std::map<std::string, std::string> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.is_regular_file())
      found[std::filesystem::relative(entry.path(), folder).string()] = read_file(entry.path());
  return found;
}

inline std::string address_of(std::uint64_t number) { return "https://a.org/" + std::to_string(number); }

// Version `version` of document `number`: the fingerprint of its first passage tells which. Never empty.
inline index::test::Document document_of(std::uint64_t number, std::uint64_t version) {
  std::mt19937_64 random(number * 1'000 + version);
  index::test::Document made;
  while (made.empty()) made = index::test::random_document(random, kDimensions);
  made[0].fingerprint = number << 32 | version;
  return made;
}

inline std::unique_ptr<Collection> open_collection(io::FileSystem& files, const Clock& clock,
                                                   const std::filesystem::path& folder,
                                                   Collection::Mode mode = Collection::Mode::write) {
  auto opened = Collection::open(files, clock, folder, index::test::identity_of(kDimensions), mode);
  EXPECT_TRUE(opened.ok()) << opened.error().describe();
  return opened.ok() ? std::move(opened).value() : nullptr;
}

inline SourceId source_of(Collection& collection) {
  catalog::Source source;
  source.kind = catalog::SourceKind::site;
  source.address = "https://a.org/";
  return collection.catalog().add_source(source).value().id;
}

// Adds document `number`, or its new version.
inline Result<void> put(Collection& collection, SourceId source, std::uint64_t number, std::uint64_t version) {
  catalog::Reference wanted;
  wanted.source = source;
  wanted.address = address_of(number);
  RENVOI_TRY(catalog::Reference reference, collection.catalog().add_reference(wanted, collection.clock().now()));
  const bool changed = reference.indexed;
  const index::test::Document passages = document_of(number, version);
  reference.title = "version " + std::to_string(version);
  reference.fingerprint = version + 1;
  reference.validators = {"\"" + std::to_string(version) + "\"", ""};
  const Collection::DocumentWrite write{reference, index::test::inputs(passages), changed ? "changed" : "added"};
  return collection.put({&write, 1});
}

// What a collection holds, for comparison: document -> (version in the catalogue, version in the index); -1: it is
// marked to be read again, or not there.
using Versions = std::map<std::uint64_t, std::pair<std::int64_t, std::int64_t>>;
inline Versions versions_of(Collection& collection) {
  Versions versions;
  const auto snapshot = collection.index().snapshot();
  const std::vector<catalog::Reference> references = collection.catalog().references().value();
  for (const catalog::Reference& reference : references) {
    const std::uint64_t number = std::stoull(reference.address.substr(address_of(0).size() - 1));
    const auto passages = snapshot->passages_of(reference.id);
    auto& [catalogued, indexed] = versions[number];
    catalogued = reference.indexed ? static_cast<std::int64_t>(reference.fingerprint) - 1 : -1;
    indexed = -1;
    if (!passages.empty()) {
      const std::uint64_t fingerprint = snapshot->record(passages[0]).fingerprint;
      EXPECT_EQ(fingerprint >> 32, number) << "passages of another document";
      indexed = static_cast<std::int64_t>(fingerprint & 0xFFFFFFFFU);
      EXPECT_TRUE(!reference.indexed || passages.size() == reference.passages);
    }
  }
  return versions;
}

}  // namespace renvoi::search::test
