#include "model/support.h"

namespace renvoi::model {
namespace {

void write(const std::filesystem::path& file, std::string_view bytes) {
  std::ofstream(file, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

// A small GGUF file, put together by hand.
class Builder {
 public:
  template <typename T>
  Builder& number(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(value));
    return *this;
  }
  Builder& text(std::string_view value) {
    number<std::uint64_t>(value.size());
    bytes_ += value;
    return *this;
  }
  Builder& key(std::string_view name, std::uint32_t type) { return text(name).number(type); }
  const std::string& bytes() const { return bytes_; }
  Builder& raw(std::string_view bytes) {
    bytes_ += bytes;
    return *this;
  }

 private:
  std::string bytes_;
};

Builder start(std::uint64_t tensors, std::uint64_t entries, std::uint32_t version = 3) {
  Builder file;
  file.raw("GGUF").number(version).number(tensors).number(entries);
  return file;
}

// A model without sense, but whose header is right: 3 tokens, one tensor of 32 numbers x 3.
std::string tiny_model() {
  auto file = start(1, 7);
  file.key("general.architecture", 8).text("bert");
  file.key("bert.block_count", 4).number(1U);
  file.key("bert.embedding_length", 4).number(32U);
  file.key("bert.context_length", 4).number(16U);
  file.key("bert.attention.head_count", 4).number(2U);
  file.key("tokenizer.ggml.tokens", 9).number(8U).number<std::uint64_t>(3).text("a").text("b").text("c");
  file.key("tokenizer.ggml.unknown_token_id", 4).number(0U);
  file.text("token_embd.weight").number(2U).number<std::uint64_t>(32).number<std::uint64_t>(3).number(0U);
  file.number<std::uint64_t>(0);
  std::string bytes = file.bytes();
  bytes.resize((bytes.size() + 31) / 32 * 32 + 32 * 3 * 4);
  return bytes;
}

TEST(Gguf, SaysWhatTheModelsAre) {
  const auto e5_summary = read_gguf_summary(e5_gguf);
  ASSERT_TRUE(e5_summary) << e5_summary.error().describe();
  EXPECT_EQ(e5_summary->architecture, "bert");
  EXPECT_EQ(e5_summary->name, "multilingual-e5-small");
  EXPECT_TRUE(e5_summary->is_embedding);
  EXPECT_EQ(e5_summary->dimensions, 384U);
  EXPECT_EQ(e5_summary->context_tokens, 512U);
  EXPECT_EQ(e5_summary->file_bytes, std::filesystem::file_size(e5_gguf));
  const auto smollm_summary = read_gguf_summary(smollm_gguf);
  ASSERT_TRUE(smollm_summary) << smollm_summary.error().describe();
  EXPECT_EQ(smollm_summary->architecture, "llama");
  EXPECT_FALSE(smollm_summary->is_embedding);
}

TEST(Gguf, SaysWhatAForeignFileIsNot) {
  const TemporaryFolder folder;
  const auto code = [&](std::string_view bytes) {
    write(folder / "x.gguf", bytes);
    const auto summary = read_gguf_summary(folder / "x.gguf");
    EXPECT_FALSE(summary);
    return summary ? ErrorCode::internal : summary.error().code;
  };
  EXPECT_EQ(read_gguf_summary(folder / "absent").error().code, ErrorCode::not_found);
  EXPECT_EQ(read_gguf_summary(folder.path()).error().code, ErrorCode::invalid);
  EXPECT_EQ(code(""), ErrorCode::invalid);
  EXPECT_EQ(code("%PDF-1.7 and so on and on and on"), ErrorCode::invalid);
  EXPECT_EQ(code(std::string(100'000, '\0')), ErrorCode::invalid);
  EXPECT_EQ(code("GGUF"), ErrorCode::corrupt);
  EXPECT_EQ(code(start(1, 1, 77).bytes()), ErrorCode::invalid);
  const auto loaded = load_embedder(folder / "x.gguf");
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().message.find("x.gguf"), std::string::npos) << "the message names the file";
}

TEST(Gguf, RefusesGiantCountsAndNestedLists) {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& bytes) {
    write(folder / "x.gguf", bytes);
    const auto summary = read_gguf_summary(folder / "x.gguf");
    return !summary && summary.error().code == ErrorCode::corrupt;
  };
  EXPECT_TRUE(refused(start(UINT64_MAX, 1).bytes()));
  EXPECT_TRUE(refused(start(1, UINT64_MAX).bytes()));
  EXPECT_TRUE(refused(start(1, 1).number(UINT64_MAX).raw("key").bytes()));
  EXPECT_TRUE(refused(start(1, 1).key("a", 8).number(UINT64_MAX).bytes()));
  EXPECT_TRUE(refused(start(1, 1).key("a", 9).number(8U).number(UINT64_MAX).bytes()));
  EXPECT_TRUE(refused(start(1, 1).key("a", 9).number(12U).number(UINT64_MAX / 4).bytes()));
  auto nested = start(1, 1).key("a", 9);
  for (int i = 0; i < 100'000; ++i) nested.number(9U).number<std::uint64_t>(1);
  EXPECT_TRUE(refused(nested.bytes()));
  EXPECT_TRUE(refused(start(0, 0).bytes()));
}

TEST(Gguf, RefusesATensorThatLiesOutsideTheFile) {
  const TemporaryFolder folder;
  const std::string model = tiny_model();
  write(folder / "right.gguf", model);
  ASSERT_TRUE(read_gguf_summary(folder / "right.gguf")) << read_gguf_summary(folder / "right.gguf").error().describe();
  write(folder / "short.gguf", model.substr(0, model.size() - 33));
  EXPECT_EQ(read_gguf_summary(folder / "short.gguf").error().code, ErrorCode::corrupt);
}

// No truncation and no flipped byte of the header crashes the reader, nor llama.cpp behind it.
TEST(Gguf, SurvivesEveryTruncationAndEveryFlippedByte) {
  const TemporaryFolder folder;
  const std::string model = tiny_model();
  const auto file = folder / "x.gguf";
  for (std::size_t length = 0; length + 32 < model.size(); length += length < 400 ? 1 : 13) {
    write(file, model.substr(0, length));
    EXPECT_FALSE(read_gguf_summary(file)) << "cut at " << length;
  }
  std::mt19937_64 random(3);
  for (std::size_t at = 0; at < model.size() - 384; ++at) {
    for (int i = 0; i < 2; ++i) {
      std::string flipped = model;
      flipped[at] = static_cast<char>(flipped[at] ^ static_cast<char>(1 + random() % 255));
      write(file, flipped);
      (void)load_embedder(file);  // must come back
    }
  }
}

TEST(Gguf, SurvivesFlippedBytesInTheHeaderOfARealModel) {
  const TemporaryFolder folder;
  const auto file = folder / "e5.gguf";
  std::filesystem::copy_file(e5_gguf, file);
  std::fstream io(file, std::ios::binary | std::ios::in | std::ios::out);
  std::mt19937_64 random(11);
  int refused = 0;
  for (int round = 0; round < 40; ++round) {
    const auto at = static_cast<std::streamoff>(round < 30 ? random() % 1'400 : random() % 7'000'000);
    char before = 0;
    io.seekg(at).get(before);
    io.seekp(at).put(static_cast<char>(before ^ static_cast<char>(1 + random() % 255))).flush();
    const auto summary = read_gguf_summary(file);
    refused += summary ? 0 : 1;
    io.seekp(at).put(before).flush();
  }
  EXPECT_GT(refused, 5);
  ASSERT_TRUE(read_gguf_summary(file)) << "restored";
  for (const std::uint64_t bytes : {73'000'000ULL, 8'000'000ULL, 100'000ULL, 1'000ULL, 20ULL}) {
    std::filesystem::resize_file(file, bytes);
    const auto loaded = load_embedder(file);
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().code, ErrorCode::corrupt) << bytes;
  }
}

}  // namespace
}  // namespace renvoi::model
