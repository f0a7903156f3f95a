// The stages of long work on a collection, shown as progress.
#pragma once

#include "progress.h"
#include "search/check.h"

namespace renvoi::app {

// `progress` must outlive what is given.
inline search::OnProgress show_on(Progress& progress) {
  return [&progress](std::string_view stage, std::uint64_t done, std::uint64_t all, std::string_view unit) {
    progress.show(std::string(stage), done, all, std::string(unit), 0);
  };
}

}  // namespace renvoi::app
