#include <set>

#include "chaos/chaos_rows.h"

namespace renvoi::test {
namespace {

std::vector<Row> all_rows() {
  std::vector<Row> all;
  for (const auto& rows : {status_rows(), mask_rows(), wire_rows(), redirect_rows(), trap_rows(), host_rows()})
    all.insert(all.end(), rows.begin(), rows.end());
  return all;
}

class ChaosSite : public testing::TestWithParam<Row> {};

TEST_P(ChaosSite, DoesWhatTheTableSays) {
  SCOPED_TRACE(GetParam().name + ": " + GetParam().must);
  World world;
  GetParam().run(world);
}

INSTANTIATE_TEST_SUITE_P(Table, ChaosSite, testing::ValuesIn(all_rows()),
                         [](const auto& row) { return row.param.name; });

TEST(ChaosTable, HasFiftyBehavioursAndNoneTwice) {
  std::set<std::string> names;
  for (const Row& row : all_rows()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_FALSE(row.must.empty()) << row.name;
  }
  EXPECT_GE(names.size(), 50u);
}

}  // namespace
}  // namespace renvoi::test
