// Files of real programs (LibreOffice 7.4, reportlab), whose text beside them shows every change in review. To write
// the texts anew: RENVOI_UPDATE_GOLDEN=1 test_extract --gtest_filter='GoldenFormats*'.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "extract/pdf.h"
#include "reading_support.h"

namespace renvoi::extract {
namespace {

namespace fs = std::filesystem;

std::string bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string described(const Document& document) {
  std::string out = "type: " + document.media_type + "\nlanguage: " + document.language + "\nauthors:";
  for (const std::string& author : document.authors) out += " " + author;
  out += "\npages:";
  for (const Page& page : document.pages)
    out += " " + std::to_string(page.number) + ":" + std::to_string(page.range.begin);
  return out + "\n\n" + to_markdown(document);
}

TEST(GoldenFormats, TextIsWhatItWas) {
  const fs::path folder = fs::path(TEST_SOURCE_DIR) / "tests/golden/formats";
  int files = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const fs::path path = entry.path();
    if (path.extension() == ".expected") continue;
    ++files;
    if (path.extension() == ".pdf" && !fs::exists(kPdfPrograms[0]) && !fs::exists(kPdfPrograms[1])) continue;
    const std::string text = described(test::read(bytes_of(path), path.filename().string()));
    const fs::path expected = path.string() + ".expected";
    if (std::getenv("RENVOI_UPDATE_GOLDEN") != nullptr) std::ofstream(expected, std::ios::binary) << text;
    EXPECT_EQ(text, bytes_of(expected)) << path;
  }
  EXPECT_GE(files, 10);
}

TEST(GoldenFormats, TheSameReportIsTheSameTextFromWordOpenDocumentAndRtf) {
  const fs::path folder = fs::path(TEST_SOURCE_DIR) / "tests/golden/formats";
  const Document odt = test::read(bytes_of(folder / "report.odt")), docx = test::read(bytes_of(folder / "report.docx"));
  EXPECT_EQ(to_markdown(odt), to_markdown(docx));
  EXPECT_EQ(to_markdown(odt), to_markdown(test::read(bytes_of(folder / "report.rtf"))));
  EXPECT_EQ(to_markdown(test::read(bytes_of(folder / "talk.odp"))),
            to_markdown(test::read(bytes_of(folder / "talk.pptx"))));
}

// Cut anywhere, or with any bytes changed: an error or a text, in bounded time.
TEST(GoldenFormats, DamagedFilesEndWell) {
  const fs::path folder = fs::path(TEST_SOURCE_DIR) / "tests/golden/formats";
  std::uint64_t state = 2026;
  const auto random = [&] { return state = state * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U; };
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".expected") continue;
    const std::string whole = bytes_of(entry.path());
    const int rounds = entry.path().extension() == ".pdf" ? 20 : 150;
    for (int i = 0; i < rounds; ++i) {
      std::string bytes = whole;
      if (i % 3 == 0) bytes.resize((random() >> 20) % bytes.size());
      for (int k = 0; i % 3 != 0 && k < 1 + i % 8; ++k)
        bytes[(random() >> 20) % bytes.size()] = static_cast<char>(random() >> 40);
      const auto document = extract(bytes, {.name = entry.path().filename().string()}, {.max_milliseconds = 5'000});
      if (!document.ok()) {
        EXPECT_NE(document.error().code, ErrorCode::internal) << document.error().describe();
        EXPECT_FALSE(document.error().message.empty());
      }
    }
  }
}

}  // namespace
}  // namespace renvoi::extract
