// What adding a source would take, found out by reading its first pages into a catalogue that is thrown away.
#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "engine.h"

namespace renvoi::app {

struct Preview {
  struct Page {
    std::string address, title, language, type;
    std::uint32_t passages = 0;
  };
  std::vector<Page> pages;           // read, and would be indexed
  std::vector<std::string> waiting;  // would be read next: the first 100
  std::uint64_t waiting_count = 0;
  std::vector<crawl::SyncProblem> problems;  // the first 100
  bool complete = false;                     // there is no more than that
  double seconds = 0;
};

struct PreviewLimits {
  std::uint32_t pages = 20;
  std::chrono::milliseconds time_ms{15'000};
};

// By the same path as a sync: the same robots.txt, scope, politeness and limits. Nothing of the collection changes; a
// folder of its own in the data folder is made and removed. Errors: those of crawl::sync_source.
Result<Preview> preview_source(Engine& engine, const catalog::Source& source, const PreviewLimits& limits,
                               std::stop_token stop = {});

}  // namespace renvoi::app
