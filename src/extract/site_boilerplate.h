// What the pages of one site all say: a paragraph about the company, a call to subscribe, a warning. Learnt from
// several pages, taken out of others. Knows fingerprints of blocks and no text.
//
// A text without what its site repeats depends on the pages that were read before it, while invariant 6 wants the same
// passages from the same bytes: whoever uses this keeps the state that a document was read with (its digest names it)
// and reads that document with it until it is indexed again.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "extract/document.h"

namespace renvoi::extract {

struct SiteBoilerplateOptions {
  std::uint32_t min_pages = 4;         // learnt, before anything is taken out
  double min_share = 0.5;              // of them that hold a block, for it to be the site's
  std::uint32_t min_block_bytes = 40;  // shorter blocks ("Yes", a price) are repeated by texts too
  std::uint32_t max_blocks = 4'096;    // remembered; then those that fewest pages hold are forgotten
  double max_taken_share = 0.5;        // of a document's text: with more it is left as it is
};

// The order of learning does not matter while there are fewer blocks than max_blocks. Not thread-safe.
class SiteBoilerplate {
 public:
  explicit SiteBoilerplate(SiteBoilerplateOptions options = {}) : options_(options) {}

  // The state as text: at most 64 bytes and 30 for each block. `parse` errors: `corrupt` when it is no such text.
  std::string state() const;
  static Result<SiteBoilerplate> parse(std::string_view state, SiteBoilerplateOptions options = {});

  // One more page of the site. Headings, code and rows of tables are never the site's.
  void learn(const Document& document);

  // Takes the site's blocks out of a document: text, blocks, anchors and languages of sections. Gives the number taken.
  std::uint32_t take_out(Document& document) const;

  std::uint32_t pages() const { return pages_; }

 private:
  bool is_the_sites(const Document& document, const Block& block) const;
  void forget();

  SiteBoilerplateOptions options_;
  std::uint32_t pages_ = 0;
  std::map<std::uint64_t, std::uint32_t> blocks_;  // by fingerprint of the folded text: pages that hold it
};

}  // namespace renvoi::extract
