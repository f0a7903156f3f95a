// How many references, passages and bytes of text there are, counted as they are written: nobody has to read the whole
// table for it. The tables `tally` and `total`; what one transaction adds and takes away is written at its end, once.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "base/result.h"
#include "catalog/database.h"
#include "catalog/types.h"

namespace renvoi::catalog {

class Tally {
 public:
  void add(const Reference& reference) { change(reference, 1); }
  void take(const Reference& reference) { change(reference, -1); }
  // Of a table whose rows are counted as they are: "tombstone", "frontier".
  void add_rows(std::string_view table, std::int64_t number) { totals_[std::string(table)] += number; }

  // At the end of the transaction; forgets what it wrote.
  Result<void> write(Database& database);
  // The transaction was given up.
  void forget();

  // Whether the tables hold what the references are; names the first source of which they do not. Reads all references;
  // within a Reading. Nothing when all is well.
  static Result<std::string> compare(Database& database);

 private:
  struct Numbers {
    std::int64_t references = 0, passages = 0, text_bytes = 0;
    bool operator==(const Numbers&) const = default;
  };
  using Key = std::tuple<std::int64_t, std::int64_t, std::int64_t, std::string>;  // source, state, indexed, language
  void change(const Reference& reference, std::int64_t sign);

  std::map<Key, Numbers> changes_;
  std::map<std::string, std::int64_t> totals_;
};

}  // namespace renvoi::catalog
