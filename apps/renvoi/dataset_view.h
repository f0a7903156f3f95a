// Datasets as JSON, for the command line and the API alike. Documented in docs/http-api.md, "Datasets".
#pragma once

#include <string>

#include "config.h"
#include "dataset/agreement.h"
#include "dataset/assertion_store.h"
#include "dataset/capture.h"
#include "dataset/dataset.h"
#include "dataset/queue.h"
#include "dataset/snapshots.h"
#include "dataset/state.h"
#include "dataset/stream.h"
#include "output.h"

namespace renvoi::app {

// <data>/datasets/NAME. Errors: `invalid` (not a name).
Result<std::filesystem::path> dataset_folder(const Config& config, const std::string& name);

Json json_of(const dataset::Item& item, const dataset::Dataset& set);
Json json_of(const dataset::Selector& selector);
Json json_of(const dataset::Body& body);
Json json_of(const dataset::Agent& agent);
Json json_of(const dataset::Assertion& assertion, const dataset::AssertionStore& store);
Json json_of(const dataset::ItemState& state);
Json json_of(const dataset::Task& task);
Json json_of(const dataset::SnapshotInfo& info);
Json json_of(const dataset::CaptureReport& report);
Json json_of(const dataset::Settings& settings);

// Name, counts by state, sources, settings. O(items + assertions).
Result<Json> summary_of(const std::string& name, const dataset::Dataset& set, const dataset::AssertionStore& store,
                        const dataset::Snapshots& snapshots);

// {"item", "kind", "class" or "body", "selector", "agent", "parent", "confidence"}; an agent that is not known is
// added. Errors: `invalid`, saying which field; `not_found` (no such item, or a parent that is not one of its
// assertions).
Result<dataset::Assertion> read_assertion(const Json& value, const dataset::Dataset& set,
                                          dataset::AssertionStore& store, Timestamp now);

std::optional<dataset::Selection> parse_selection(const std::string& text);

}  // namespace renvoi::app
