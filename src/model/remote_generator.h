// Any OpenAI-compatible endpoint as a Generator.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "model/generator.h"
#include "net/http_client.h"

namespace renvoi::model {

struct RemoteOptions {
  std::string base_url;  // "https://api.example.org/v1"; "/chat/completions" is appended
  std::string api_key;   // sent as a bearer token; may be empty
  std::string model;
  std::uint32_t context_tokens = 8'192;
};

// The address was chosen by the operator, in the configuration: private and loopback addresses are allowed.
// `client` must outlive it. Streams when on_piece is given.
Result<std::unique_ptr<Generator>> remote_generator(RemoteOptions options, net::HttpClient& client);

}  // namespace renvoi::model
