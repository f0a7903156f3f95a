// Which models there are and which are used: the store of the data folder, filled by itself with those that came with
// the program.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config.h"
#include "model/model_store.h"

namespace renvoi::app {

// Told to the person at the keyboard; never part of a result.
using Notify = std::function<void(const std::string&)>;

std::filesystem::path models_folder(const Config& config);

// The embedding model to use. When the store has none, the one that came with the program is added to it first.
// Errors: `not_found`, with what to do.
Result<model::ModelManifest> choose_embedding_model(const Config& config, model::ModelStore& store, Timestamp now,
                                                    const Notify& notify);

// The generation model to use, if any; an endpoint is not in the store and is not given here.
// Errors: `not_found` when the configuration names one that is not there.
Result<std::optional<model::ModelManifest>> choose_generation_model(const Config& config, model::ModelStore& store,
                                                                    Timestamp now, const Notify& notify);

// Of the table distilled from the model; 0 when there is none.
std::uint64_t table_bytes(const model::ModelManifest& manifest);

// Files with this ending that came with the program: <program>/../share/renvoi/models, then where it was built.
std::optional<std::filesystem::path> bundled_model(const std::string& file_name);

}  // namespace renvoi::app
