// A collection: one folder with a catalogue and an index that agree with each other.
//
//   <folder>/catalog.db   <folder>/index/   <folder>/cache/
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "catalog/catalog.h"
#include "index/index.h"
#include "io/file_system.h"

namespace renvoi::search {

struct DiskUse {
  std::uint64_t index_bytes = 0;
  std::uint64_t catalog_bytes = 0;
  std::uint64_t cache_bytes = 0;
};

// Thread-safe. Writing methods need Mode::write.
class Collection {
 public:
  enum class Mode : std::uint8_t { read, write };
  // Opens both and reconciles them: what the index holds and the catalogue does not, or holds as GONE, leaves the index; what the
  // catalogue holds as indexed and the index has not is marked to be read again. Errors as Catalog::open and Index::open.
  static Result<std::unique_ptr<Collection>> open(io::FileSystem& files, const Clock& clock,
                                                  const std::filesystem::path& folder,
                                                  const index::Identity& identity, Mode mode);
  virtual ~Collection() = default;
  virtual catalog::Catalog& catalog() = 0;
  virtual index::Index& index() = 0;
  virtual const Clock& clock() const = 0;
  virtual const std::filesystem::path& folder() const = 0;
  virtual bool writable() const = 0;

  // One or more documents, indexed and acknowledged together: index.put for each, index.commit, then the catalogue.
  struct DocumentWrite {
    catalog::Reference reference;  // with the new title, language, fingerprint, validators, state, ...
    std::vector<index::PassageInput> passages;
    std::string event;             // for the audit trail: "added" or "changed"
  };
  virtual Result<void> put(std::span<const DocumentWrite> documents) = 0;
  // A new state for a reference: the catalogue first; when it is GONE, also out of the index.
  virtual Result<void> update_state(const catalog::Reference& reference, std::string_view event) = 0;
  virtual Result<void> remove_source(SourceId source) = 0;
  virtual Result<void> remove_reference(ReferenceId reference, std::string_view reason) = 0;
  virtual DiskUse disk_use() = 0;
};

}  // namespace renvoi::search
