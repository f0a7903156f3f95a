#include "catalog/tally.h"

#include <fmt/format.h>

namespace renvoi::catalog {

void Tally::change(const Reference& reference, std::int64_t sign) {
  Numbers& numbers = changes_[{to_number(reference.source), static_cast<std::int64_t>(reference.state),
                               reference.indexed ? 1 : 0, reference.language}];
  numbers.references += sign;
  if (!reference.indexed) return;
  numbers.passages += sign * static_cast<std::int64_t>(reference.passages);
  numbers.text_bytes += sign * static_cast<std::int64_t>(reference.text_bytes);
}

Result<void> Tally::write(Database& database) {
  for (const auto& [key, numbers] : changes_) {
    if (numbers == Numbers{}) continue;
    const auto& [source, state, indexed, language] = key;
    RENVOI_TRY(Query add, database.query("INSERT INTO tally VALUES (?,?,?,?,?,?,?) ON CONFLICT DO UPDATE SET "
                                         "number=number+excluded.number, passages=passages+excluded.passages, "
                                         "text_bytes=text_bytes+excluded.text_bytes"));
    add.bind(source).bind(state).bind(indexed).bind(language);
    RENVOI_CHECK(add.bind(numbers.references).bind(numbers.passages).bind(numbers.text_bytes).run());
    if (numbers.references >= 0) continue;
    RENVOI_TRY(Query drop, database.query("DELETE FROM tally WHERE source=? AND state=? AND indexed=? AND language=? "
                                          "AND number=0"));
    RENVOI_CHECK(drop.bind(source).bind(state).bind(indexed).bind(language).run());
  }
  for (const auto& [table, number] : totals_) {
    if (number == 0) continue;
    RENVOI_TRY(Query add, database.query("UPDATE total SET number=number+?2 WHERE what=?1"));
    RENVOI_CHECK(add.bind(table).bind(number).run());
  }
  forget();
  return {};
}

void Tally::forget() {
  changes_.clear();
  totals_.clear();
}

Result<std::string> Tally::compare(Database& database) {
  std::map<Key, Numbers> counted;
  {
    RENVOI_TRY(Query rows,
               database.query("SELECT source, state, indexed, language, passages, text_bytes FROM reference "
                              "WHERE source NOT IN (SELECT id FROM source WHERE removed_at<>0)"));
    while (true) {
      RENVOI_TRY(const bool row, rows.step());
      if (!row) break;
      Numbers& numbers = counted[{rows.integer(0), rows.integer(1), rows.integer(2), rows.text(3)}];
      ++numbers.references;
      if (rows.integer(2) == 0) continue;
      numbers.passages += rows.integer(4);
      numbers.text_bytes += rows.integer(5);
    }
  }
  RENVOI_TRY(Query rows, database.query("SELECT source, state, indexed, language, number, passages, text_bytes "
                                        "FROM tally"));
  while (true) {
    RENVOI_TRY(const bool row, rows.step());
    if (!row) break;
    const auto found = counted.find({rows.integer(0), rows.integer(1), rows.integer(2), rows.text(3)});
    const Numbers told{rows.integer(4), rows.integer(5), rows.integer(6)};
    if (found == counted.end() ? told != Numbers{} : found->second != told)
      return fmt::format("the counts of source {} are not those of its references", rows.integer(0));
    if (found != counted.end()) counted.erase(found);
  }
  for (const auto& [key, numbers] : counted)
    return fmt::format("the references of source {} are not counted", std::get<0>(key));
  for (const char* table : {"tombstone", "frontier"}) {
    RENVOI_TRY(const std::int64_t rows_there, database.integer(fmt::format("SELECT count(*) FROM {}", table)));
    RENVOI_TRY(const std::int64_t told,
               database.integer(fmt::format("SELECT number FROM total WHERE what='{}'", table)));
    if (rows_there != told) return fmt::format("the count of the table {} is not that of its rows", table);
  }
  return std::string();
}

}  // namespace renvoi::catalog
