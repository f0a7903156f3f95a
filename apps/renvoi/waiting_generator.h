// A generator whose words are waited for: while they come, the server works on other requests.
#pragma once

#include <memory>

#include "model/generator.h"
#include "net/http_server.h"

namespace renvoi::app {

class WaitingGenerator final : public model::Generator {
 public:
  explicit WaitingGenerator(std::unique_ptr<model::Generator> generator) : generator_(std::move(generator)) {}
  const std::string& name() const override { return generator_->name(); }
  std::uint32_t context_tokens() const override { return generator_->context_tokens(); }
  Result<model::Generation> generate(std::span<const model::Message> messages, const model::GenerateOptions& options,
                                     const model::OnPiece& on_piece, std::stop_token stop) override {
    const net::WaitsElsewhere waits;
    return generator_->generate(messages, options, on_piece, std::move(stop));
  }

 private:
  std::unique_ptr<model::Generator> generator_;
};

}  // namespace renvoi::app
