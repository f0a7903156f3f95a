#include "model/model_store.h"

#include "model/probe.h"
#include "model/support.h"

namespace renvoi::model {
namespace {

namespace fs = std::filesystem;

void write(const fs::path& file, std::string_view bytes) {
  std::ofstream(file, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

TEST(ModelStore, AddsListsAndRemembersTheProbe) {
  const TemporaryFolder folder;
  ModelStore store(folder / "models");
  EXPECT_TRUE(store.list()->empty());
  std::uint64_t done = 0;
  std::uint64_t all = 0;
  const auto added = store.add(e5_gguf, std::nullopt, 1'700'000'000, [&](std::uint64_t d, std::uint64_t a) {
    done = d;
    all = a;
  });
  ASSERT_TRUE(added) << added.error().describe();
  EXPECT_EQ(added->name, "multilingual-e5-small-q4_0");
  EXPECT_EQ(added->role, ModelRole::embed);
  EXPECT_EQ(done, added->bytes);
  EXPECT_EQ(all, added->bytes);
  EXPECT_TRUE(added->file.is_absolute());
  EXPECT_EQ(fs::file_size(added->file), added->bytes);
  ASSERT_TRUE(store.verify(*added));

  ASSERT_TRUE(store.add(smollm_gguf, "petit", 1'700'000'001));
  ASSERT_TRUE(store.record_probe("petit", true, "fr 8/8, en 8/8"));
  const auto list = store.list();
  ASSERT_TRUE(list);
  ASSERT_EQ(list->size(), 2U);
  EXPECT_EQ((*list)[0].name, "multilingual-e5-small-q4_0");
  EXPECT_EQ((*list)[0].digest, added->digest);
  EXPECT_EQ((*list)[0].added_at, 1'700'000'000);
  EXPECT_EQ((*list)[1].role, ModelRole::generate);
  EXPECT_TRUE((*list)[1].may_generate);
  EXPECT_EQ((*list)[1].probe_summary, "fr 8/8, en 8/8");

  const auto again = store.add(e5_gguf, std::nullopt, 1'800'000'000);
  ASSERT_TRUE(again) << "the same file twice";
  EXPECT_EQ(again->added_at, 1'700'000'000);
  EXPECT_EQ(store.add(e5_gguf, "petit", 0).error().code, ErrorCode::conflict);
  EXPECT_EQ(store.record_probe("absent", true, "").error().code, ErrorCode::not_found);
}

TEST(ModelStore, RefusesBadNamesAndBadFiles) {
  const TemporaryFolder folder;
  ModelStore store(folder / "models");
  for (const std::string& name : {std::string(), std::string("../up"), std::string("a/b"), std::string(".hidden"),
                                  std::string("Majuscule"), std::string(101, 'a'), std::string("a\0b", 3)}) {
    EXPECT_EQ(store.add(e5_gguf, name, 0).error().code, ErrorCode::invalid) << name;
    EXPECT_FALSE(store.record_probe(name, true, ""));
  }
  write(folder / "x.gguf", "not a model");
  EXPECT_EQ(store.add(folder / "x.gguf", std::nullopt, 0).error().code, ErrorCode::invalid);
  EXPECT_EQ(store.add(folder / "absent.gguf", std::nullopt, 0).error().code, ErrorCode::not_found);
  EXPECT_TRUE(store.list()->empty()) << "nothing of it is left";
}

TEST(ModelStore, SkipsBrokenManifestsAndTellsThem) {
  const TemporaryFolder folder;
  ModelStore store(folder.path());
  const auto added = store.add(e5_gguf, "bon", 1);
  ASSERT_TRUE(added) << added.error().describe();
  std::ifstream in(folder / "bon/manifest.json");
  const std::string good{std::istreambuf_iterator<char>(in), {}};
  const auto with = [&](const std::string& name, const std::string& text) {
    fs::create_directory(folder / name);
    write(folder / (name + "/manifest.json"), text);
  };
  fs::create_directory(folder / "sans-manifeste");
  with("vide", "");
  with("texte", "hello");
  with("autre", good);  // names another folder
  auto escape = nlohmann::json::parse(good);
  escape["name"] = "dehors";
  escape["file"] = "../bon/bon.gguf";
  with("dehors", escape.dump());
  escape["name"] = "type";
  escape["bytes"] = "many";
  with("type", escape.dump());
  std::vector<std::string> problems;
  const auto list = store.list(&problems);
  ASSERT_TRUE(list);
  ASSERT_EQ(list->size(), 1U);
  EXPECT_EQ(list->front().name, "bon");
  EXPECT_EQ(problems.size(), 6U) << testing::PrintToString(problems);
}

TEST(ModelStore, FindsAModelThatWasChanged) {
  const TemporaryFolder folder;
  fs::copy_file(e5_gguf, folder / "copie.gguf");
  ModelStore store(folder / "models");
  const auto added = store.add(folder / "copie.gguf", std::nullopt, 1);
  ASSERT_TRUE(added) << added.error().describe();
  std::fstream file(added->file, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(50'000'000).put('!').flush();
  EXPECT_EQ(store.verify(*added).error().code, ErrorCode::corrupt);
}

// --- the probe -------------------------------------------------------------------------------------------------------

// A generator whose answers are a function of the prompt.
class Scripted final : public Generator {
 public:
  using Script = std::function<std::string(const std::string& system, const std::string& user)>;
  explicit Scripted(Script script) : script_(std::move(script)) {}
  const std::string& name() const override { return name_; }
  std::uint32_t context_tokens() const override { return 4'096; }
  Result<Generation> generate(std::span<const Message> messages, const GenerateOptions&, const OnPiece&,
                              std::stop_token) override {
    Generation generation;
    generation.text = script_(messages.front().content, messages.back().content);
    return generation;
  }

 private:
  Script script_;
  std::string name_ = "scripted";
};

TEST(Probe, TrustsNobodyWhoAlwaysSaysTheSameRepeatsEverythingOrMixesLanguages) {
  const std::vector<Scripted::Script> frauds = {
      [](const auto&, const auto&) { return std::string(); },
      [](const auto& system, const auto&) {
        return std::string(system.starts_with("R") ? "Je ne sais pas." : "I do not know.");
      },
      [](const auto&, const auto& user) { return user; },
      [](const auto&, const auto&) { return std::string("Yes, of course, the answer is in the passage."); },
  };
  for (const auto& fraud : frauds) {
    Scripted generator(fraud);
    const auto result = probe_generator(generator);
    ASSERT_TRUE(result) << result.error().describe();
    EXPECT_FALSE(result->may_generate) << result->summary;
    ASSERT_EQ(result->reports.size(), 2U);
    EXPECT_EQ(result->reports[0].language, "fr");
    EXPECT_EQ(result->reports[1].language, "en");
  }
}

// Reads the expected answers from a first run, and gives them in a second: the probe can be passed.
TEST(Probe, TrustsWhoAnswersRightAndAbstainsWhenItShould) {
  Scripted silent([](const auto&, const auto&) { return std::string(); });
  const auto asked = probe_generator(silent);
  ASSERT_TRUE(asked);
  Scripted good([&](const std::string& system, const std::string& user) {
    const bool french = system.starts_with("R");
    for (const auto& report : asked->reports) {
      for (const auto& one : report.cases) {
        if (user.find(one.question) == std::string::npos) continue;
        if (one.expected == "abstain") return std::string(french ? "Je ne sais pas." : "I do not know.");
        return (french ? "C'est " : "It is ") + one.expected.substr(0, one.expected.find('|')) + ".";
      }
    }
    return std::string("?");
  });
  const auto result = probe_generator(good);
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->may_generate) << result->summary;
  EXPECT_EQ(result->summary, "fr 8/8, en 8/8: it may generate answers");
}

TEST(Probe, TheSmallModelOfTheTestsIsNotTrusted) {
  const auto generator = load_generator(smollm_gguf, quiet_options());
  ASSERT_TRUE(generator) << generator.error().describe();
  const auto result = probe_generator(**generator);
  ASSERT_TRUE(result) << result.error().describe();
  for (const auto& report : result->reports) {
    for (const auto& one : report.cases) {
      std::printf("%s %-4s %s -> %s\n", report.language.c_str(), one.passed ? "ok" : "no", one.question.c_str(),
                  one.answer.c_str());
    }
  }
  std::printf("%s\n", result->summary.c_str());
  EXPECT_FALSE(result->may_generate) << result->summary;
}

TEST(Probe, TheEmbeddingModelKnowsBothLanguages) {
  const auto result = probe_embedder(e5());
  ASSERT_TRUE(result) << result.error().describe();
  EXPECT_TRUE(result->may_generate) << result->summary;
}

}  // namespace
}  // namespace renvoi::model
