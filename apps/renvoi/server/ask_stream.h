// An answer as it comes, as server-sent events: steps, what was read, citations, text, and at the end the whole answer.
#pragma once

#include <chrono>
#include <stop_token>

#include "answer/listener.h"
#include "server/application.h"

namespace renvoi::app {

// Events: `step` ({"step", "at_ms"}), `evidence` ({"documents", "dropped"}), `citation`, `text` ({"text"}), then
// `answer` (as without a stream) or `error`. Asks in the calling thread, until it ends or the client has gone.
void stream_ask(Application& application, const Exchange& exchange, answer::AskRequest request);

}  // namespace renvoi::app
