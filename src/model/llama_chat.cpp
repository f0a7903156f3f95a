#include "model/llama_chat.h"

#include "base/hash.h"
#include "model/llama_handles.h"

namespace renvoi::model {

ChatTemplate::ChatTemplate(const llama_model* model) {
  const char* own = llama_model_chat_template(model, nullptr);
  template_ = own != nullptr ? own : "chatml";
}

std::optional<std::string> ChatTemplate::apply(std::span<const Message> messages,
                                               std::span<const std::string> markers) const {
  std::vector<llama_chat_message> chat;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    chat.push_back({messages[i].role.c_str(), markers[i].c_str()});
  }
  std::string prompt(4'096 + messages.size() * 1'024, '\0');
  for (int attempt = 0; attempt < 2; ++attempt) {
    const int length = llama_chat_apply_template(template_.c_str(), chat.data(), chat.size(), true, prompt.data(),
                                                 static_cast<int>(prompt.size()));
    if (length < 0) return std::nullopt;
    const bool fits = static_cast<std::size_t>(length) <= prompt.size();
    prompt.resize(static_cast<std::size_t>(length));
    if (fits) return prompt;
  }
  return std::nullopt;
}

namespace {

// Markers stand for the contents while the template is applied, so that template and content are tokenized apart and a
// content's control tokens stay text. They depend on the contents: none can hold its own.
std::vector<std::string> make_markers(std::span<const Message> messages) {
  Sha256Stream hash;
  for (const auto& message : messages) hash.update(std::as_bytes(std::span(message.content)));
  const std::string nonce = to_hex(hash.finish()).substr(0, 32);
  std::vector<std::string> markers;
  for (std::size_t i = 0; i < messages.size(); ++i)
    markers.push_back("content" + nonce + "n" + std::to_string(i) + "e");
  return markers;
}

}  // namespace

Result<std::vector<llama_token>> prompt_tokens(const ChatTemplate& chat, const llama_vocab* vocab,
                                               std::span<const Message> messages) {
  const auto markers = make_markers(messages);
  const auto prompt = chat.apply(messages, markers);
  if (!prompt) return Error{ErrorCode::invalid, "the model's chat template is not one that llama.cpp knows"};
  std::vector<llama_token> tokens;
  std::size_t at = 0;
  const auto append = [&](std::string_view text, ControlText control) -> Result<void> {
    if (text.empty() && !tokens.empty()) return {};
    RENVOI_TRY(auto part, tokenize(vocab, text, control, tokens.empty() ? AddSpecial::yes : AddSpecial::no));
    // A vocabulary that closes every text would close the prompt after its first part.
    const auto eos = llama_vocab_eos(vocab);
    if (tokens.empty() && llama_vocab_get_add_eos(vocab) && !part.empty() && part.back() == eos) part.pop_back();
    tokens.insert(tokens.end(), part.begin(), part.end());
    return {};
  };
  for (std::size_t i = 0; i < markers.size(); ++i) {
    const std::size_t place = prompt->find(markers[i], at);
    if (place == std::string::npos) {
      return Error{ErrorCode::invalid, "the model's chat template has no place for a message of the role \"" +
                                           messages[i].role + "\" here"};
    }
    RENVOI_CHECK(append(std::string_view(*prompt).substr(at, place - at), ControlText::parsed));
    RENVOI_CHECK(append(messages[i].content, ControlText::literal));
    at = place + markers[i].size();
  }
  RENVOI_CHECK(append(std::string_view(*prompt).substr(at), ControlText::parsed));
  // Where template and tokenizer both put the beginning token, one is enough.
  if (tokens.size() >= 2 && tokens[0] == llama_vocab_bos(vocab) && tokens[1] == tokens[0]) tokens.erase(tokens.begin());
  return tokens;
}

}  // namespace renvoi::model
