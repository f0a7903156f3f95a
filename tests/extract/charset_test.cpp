#include <gtest/gtest.h>
#include <iconv.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/utf8.h"
#include "extract/charset_labels.h"
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

constexpr int kFloor = 56;  // of 59 files

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
  EXPECT_EQ(files, 59);
  EXPECT_GE(right, kFloor);
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

TEST(Charset, OfAPageIsSearchedToTheEndOfItsHead) {
  const std::string word = "<p>\xE9t\xE9 \xA4</p>", filler(40'000, ' ');
  const auto charset = [&](const std::string& page) {
    Decoded decoded;
    decode(page, "", true, decoded);
    return decoded.charset;
  };
  const std::string meta = "<META CharSet='ISO-8859-15'>";
  EXPECT_EQ(charset("<head><title>x</title><style>" + filler + "</style>" + meta + "</head>" + word), "iso-8859-15");
  EXPECT_EQ(charset("<head>" + filler + "</head>" + meta + word), "windows-1252") << "after the head";
  EXPECT_EQ(charset("<head>" + filler + filler + meta + "</head>" + word), "windows-1252") << "after 64 KiB";
  EXPECT_EQ(charset("<head><!-- " + meta + " --></head>" + word), "windows-1252") << "in a comment";
  EXPECT_EQ(charset("<script>'</head>'</script>" + meta + word), "iso-8859-15") << "the word in a script";
}

TEST(Charset, OfAFewBytesIsNotGuessed) {
  const std::string french = "Le caf\xE9 est \xE0 c\xF4t\xE9 de l'\xE9glise.";
  Decoded accents;
  decode(french, "", false, accents);
  EXPECT_EQ(accents.charset, "windows-1252");
  // A hundred bytes in another script tell themselves.
  std::string russian;
  for (int i = 0; i < 4; ++i) russian += "\xCF\xF0\xE8\xE2\xE5\xF2, \xEC\xE8\xF0! \xCA\xE0\xEA \xE4\xE5\xEB\xE0? ";
  Decoded script;
  decode(russian, "", false, script);
  EXPECT_EQ(script.charset, "windows-1251");
}

TEST(Charset, LabelsMeanWhatTheStandardSays) {
  const std::pair<const char*, const char*> kLabels[] = {{"latin1", "windows-1252"},
                                                         {" ASCII\n", "windows-1252"},
                                                         {"ISO-8859-9", "windows-1254"},
                                                         {"utf8", "utf-8"},
                                                         {"gb2312", "gb18030"},
                                                         {"tis-620", "windows-874"},
                                                         {"ks_c_5601-1987", "windows-949"},
                                                         {"sjis", "windows-31j"},
                                                         {"l9", "iso-8859-15"},
                                                         {"cp866", "ibm866"},
                                                         {"hz-gb-2312", ""}};
  for (const auto& [label, meant] : kLabels) EXPECT_EQ(whatwg_charset(label), meant) << label;
  EXPECT_EQ(whatwg_charset("no-such-thing"), std::nullopt);
  EXPECT_EQ(whatwg_charset(""), std::nullopt);
  // Every one that is to be read can be: its bytes, declared so, come out as that charset.
  for (const char* label :
       {"866",          "arabic",       "big5-hkscs",   "chinese",        "csisolatin6",  "cyrillic",
        "dos-874",      "euc-jp",       "greek",        "hebrew",         "iso-2022-jp",  "iso-8859-13",
        "iso-8859-14",  "iso-8859-8-i", "koi8-r",       "koi8-u",         "korean",       "l3",
        "l4",           "logical",      "mac",          "windows-1250",   "windows-1253", "windows-1255",
        "windows-1256", "windows-1257", "windows-1258", "x-mac-cyrillic", "x-sjis"}) {
    Decoded decoded;
    decode("<p>\xE0\xE1</p>", label, true, decoded);
    EXPECT_EQ(decoded.charset, *whatwg_charset(label)) << label;
  }
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
