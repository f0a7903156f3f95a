#include <gtest/gtest.h>
#include <iconv.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/utf8.h"
#include "extract/decode.h"
#include "extract/extract.h"

namespace renvoi::extract {
namespace {

using namespace std::string_literals;

// glibc's converter, which shares nothing with ours.
std::string by_iconv(const std::string& bytes, const std::string& charset) {
  const iconv_t converter = iconv_open("UTF-8", charset.c_str());
  if (converter == reinterpret_cast<iconv_t>(-1)) return {};
  std::string in = bytes, out(bytes.size() * 4 + 16, '\0');
  char* source = in.data();
  char* target = out.data();
  std::size_t source_left = in.size(), target_left = out.size();
  iconv(converter, &source, &source_left, &target, &target_left);
  iconv_close(converter);
  out.resize(out.size() - target_left);
  return out.starts_with("\xEF\xBB\xBF") ? out.substr(3) : out;
}

constexpr int kFloorPercent = 93;  // reached: 56 of 59

std::string charset_of_file(const std::filesystem::path& path) {
  const std::string stem = path.stem().string(), extension = path.extension().string();
  return extension == ".be" || extension == ".le" ? stem + extension.substr(1) : stem;
}

// uchardet's own files: 59, of which some ask for the impossible (two charsets that differ in no byte of the file are
// told apart by nothing; then both readings are right and the texts agree).
TEST(Charset, IsFoundWithoutAnyDeclaration) {
  const std::filesystem::path folder = std::filesystem::path(TEST_EVAL_DIR) / "charset" / "test";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "the evaluation data are not at " << TEST_EVAL_DIR;
  int files = 0, right = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file() || entry.path().parent_path() == folder) continue;
    std::ifstream stream(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
    const std::string wanted = by_iconv(bytes, charset_of_file(entry.path()));
    if (wanted.empty()) continue;  // a charset iconv does not know
    Decoded decoded;
    decode(bytes, "", false, decoded);
    ++files;
    if (decoded.text == wanted)
      ++right;
    else
      std::printf("  %s read as %s\n", entry.path().c_str(), decoded.charset.c_str());
  }
  std::printf("charset: %d of %d files read right\n", right, files);
  EXPECT_GE(files, 40);
  EXPECT_GE(right * 100, files * kFloorPercent);
}

TEST(Charset, DeclarationsAreBelievedUnlessTheBytesSayOtherwise) {
  const std::string french = "<html><meta charset=\"X\"><p>L'été, la forêt était très agréable à voir.</p>";
  const auto read = [&](const std::string& bytes, const std::string& type) {
    const auto document = extract(bytes, {.content_type = type});
    EXPECT_TRUE(document.ok());
    return document.ok() ? *document : Document{};
  };
  const std::string wanted = "L'été, la forêt était très agréable à voir.";
  EXPECT_EQ(read(french, "text/html; charset=iso-8859-1").text, wanted) << "valid UTF-8 is UTF-8";
  std::string latin =
      "<html><p>L'\xE9t\xE9, la for\xEAt \xE9tait tr\xE8s agr\xE9"
      "able \xE0 voir.</p>";
  EXPECT_EQ(read(latin, "text/html; charset=ISO-8859-1").text, wanted);
  EXPECT_EQ(read(latin, "text/html; charset=\"utf-8\"").text, wanted) << "declared UTF-8, but is not";
  EXPECT_EQ(read(latin, "text/html; charset=no-such-thing").text, wanted);
  EXPECT_EQ(read("<html><meta http-equiv=Content-Type content='text/html; charset=windows-1252'><p>\x93"
                 "Oui\x94</p>",
                 "text/html")
                .text,
            "“Oui”");
  EXPECT_EQ(read("\xFF\xFE<\0p\0>\0\xE9\0t\0\xE9\0"s, "text/html").text, "été");
  EXPECT_EQ(read("<html><meta charset=utf-16><p>plain words</p>", "text/html").text, "plain words");
  EXPECT_EQ(read(latin, "text/html").charset, "windows-1252");
}

TEST(Charset, UnknownBytesStillGiveValidText) {
  std::string bytes = "<html><p>x";
  for (int c = 0x80; c < 0x100; ++c) bytes += static_cast<char>(c);
  for (const char* charset : {"utf-8", "shift_jis", "euc-kr", "iso-2022-jp", "utf-16", "gb18030", "hz", "utf-7"}) {
    const auto document = extract(bytes, {.content_type = "text/html; charset="s + charset});
    ASSERT_TRUE(document.ok()) << charset;
    EXPECT_TRUE(is_valid_utf8(document->text)) << charset;
  }
}

}  // namespace
}  // namespace renvoi::extract
