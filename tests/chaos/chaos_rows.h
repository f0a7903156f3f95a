// The table of the chaos site: each behaviour, what must happen, and the test of it.
#pragma once

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "chaos/chaos_world.h"

namespace renvoi::test {

struct Row {
  std::string name;
  std::string must;  // for people: what the life cycle makes of it
  std::function<void(World&)> run;
};

// For the names of tests.
inline void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

std::vector<Row> status_rows();
std::vector<Row> mask_rows();      // soft 404, parking, captcha, login, cookie walls, cloaking
std::vector<Row> wire_rows();      // what happens below HTTP, and validators
std::vector<Row> redirect_rows();  // and moves
std::vector<Row> trap_rows();      // calendars, sessions, canonical pages, robots
std::vector<Row> host_rows();      // outages, mass deletion, resurrection

}  // namespace renvoi::test
