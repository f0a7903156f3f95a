#include "extract/rtf.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <utility>
#include <vector>

#include "base/date.h"
#include "base/utf8.h"
#include "extract/decode.h"
#include "extract/document_builder.h"
#include "extract/lines.h"
#include "extract/section_languages.h"
#include "extract/table_writer.h"
#include "text/language.h"

namespace renvoi::extract {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kMaxDepth = 1'000;
constexpr std::size_t kMaxFonts = 4'096;
constexpr std::size_t kMaxStyles = 4'096;
constexpr std::uint32_t kTokensBetweenClockReads = 8'192;

// What a group's text is for.
enum class Destination : std::uint8_t {
  text,
  nothing,
  fonts,
  styles,
  title,
  author,
  created,
  revised,
  instruction,
};

// In order: they are looked up. What is written in these is not of the text.
constexpr std::array kLeftOut{"annotation"sv, "atnauthor"sv,
                              "atnid"sv,      "bkmkend"sv,
                              "bkmkstart"sv,  "colortbl"sv,
                              "comment"sv,    "company"sv,
                              "doccomm"sv,    "factoidname"sv,
                              "filetbl"sv,    "footer"sv,
                              "footerf"sv,    "footerl"sv,
                              "footerr"sv,    "ftncn"sv,
                              "ftnsep"sv,     "ftnsepc"sv,
                              "generator"sv,  "header"sv,
                              "headerf"sv,    "headerl"sv,
                              "headerr"sv,    "info"sv,
                              "keywords"sv,   "listoverridetable"sv,
                              "listtable"sv,  "listtext"sv,
                              "nonshppict"sv, "object"sv,
                              "operator"sv,   "pict"sv,
                              "pntext"sv,     "private"sv,
                              "rsidtbl"sv,    "shppict"sv,
                              "subject"sv,    "tc"sv,
                              "themedata"sv,  "txe"sv,
                              "xe"sv};

constexpr std::array kNamedCharacters{
    std::pair{"bullet"sv, "•"sv},    std::pair{"emdash"sv, "—"sv},  std::pair{"emspace"sv, " "sv},
    std::pair{"endash"sv, "–"sv},    std::pair{"enspace"sv, " "sv}, std::pair{"ldblquote"sv, "“"sv},
    std::pair{"line"sv, "\n"sv},     std::pair{"lquote"sv, "‘"sv},  std::pair{"qmspace"sv, " "sv},
    std::pair{"rdblquote"sv, "”"sv}, std::pair{"rquote"sv, "’"sv},  std::pair{"softline"sv, " "sv},
    std::pair{"tab"sv, " "sv},
};

// "fcharset" to code page.
std::string_view charset_of_font(int fcharset) {
  switch (fcharset) {
    case 128:
      return "windows-31j";
    case 129:
      return "windows-949";
    case 134:
      return "GBK";
    case 136:
      return "Big5";
    case 161:
      return "windows-1253";
    case 162:
      return "windows-1254";
    case 163:
      return "windows-1258";
    case 177:
      return "windows-1255";
    case 178:
      return "windows-1256";
    case 186:
      return "windows-1257";
    case 204:
      return "windows-1251";
    case 222:
      return "windows-874";
    case 238:
      return "windows-1250";
    default:
      return "";
  }
}

std::string charset_of_page(int page) {
  switch (page) {
    case 437:
    case 850:
    case 852:
    case 855:
    case 857:
    case 860:
    case 861:
    case 862:
    case 863:
    case 865:
    case 866:
      return "ibm-" + std::to_string(page);
    case 932:
      return "windows-31j";
    case 936:
      return "GBK";
    case 950:
      return "Big5";
    case 10000:
      return "macintosh";
    case 65001:
      return "UTF-8";
    default:
      return "windows-" + std::to_string(page);
  }
}

struct Style {
  std::string name;
  int outline = -1;
};

struct Group {
  Destination destination = Destination::text;
  int font = 0;
  int fallback = 1;  // \uc: how many characters follow a \u for readers that do not know it
  bool hidden = false, deleted = false, note = false, starred = false;
};

struct Date {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0;
  std::optional<Timestamp> timestamp() const {
    if (year < 1970 || year > 9'999) return std::nullopt;
    return parse_date_time(fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:00Z", year, month, day, hour, minute));
  }
};

class RtfReader {
 public:
  RtfReader(std::string_view bytes, const Reading& reading, Document& document)
      : bytes_(bytes),
        reading_(reading),
        document_(document),
        builder_(document, reading.limits.max_text_bytes),
        table_(builder_, TableStyle::rows) {}

  Result<void> run() {
    groups_.push_back({});
    for (std::uint32_t tokens = 0; at_ < bytes_.size() && !builder_.full(); ++tokens) {
      if (tokens % kTokensBetweenClockReads == 0) RENVOI_CHECK(check_time(reading_, "this document"));
      const char c = bytes_[at_];
      if (c == '{') {
        ++at_;
        if (groups_.size() >= kMaxDepth)
          return Error{ErrorCode::corrupt,
                       fmt::format("the groups of this RTF document are deeper than {}", kMaxDepth)};
        Group inner = groups_.back();
        inner.starred = false;
        groups_.push_back(inner);
        skip_ = 0;
      } else if (c == '}') {
        ++at_;
        close();
      } else if (c == '\\') {
        control();
      } else if (c == '\r' || c == '\n') {
        ++at_;
      } else {
        plain();
      }
    }
    decode_bytes();
    while (groups_.size() > 1) close();
    end_paragraph();
    table_.finish();
    finish_facts();
    return {};
  }

 private:
  Group& group() { return groups_.back(); }

  // A run of bytes that mean themselves.
  void plain() {
    const std::size_t end = std::min(bytes_.find_first_of("{}\\\r\n", at_), bytes_.size());
    std::string_view run = bytes_.substr(at_, end - at_);
    at_ = end;
    const std::size_t dropped = std::min<std::size_t>(static_cast<std::size_t>(skip_), run.size());
    skip_ -= static_cast<int>(dropped);
    pending_.append(run.substr(dropped));
    if (pending_.size() > 4'096) decode_bytes();
  }

  void control() {
    ++at_;
    if (at_ >= bytes_.size()) return;
    const char c = bytes_[at_];
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))) return symbol(c);
    const std::size_t begin = at_;
    while (at_ < bytes_.size() &&
           ((bytes_[at_] >= 'a' && bytes_[at_] <= 'z') || (bytes_[at_] >= 'A' && bytes_[at_] <= 'Z')))
      ++at_;
    const std::string_view word = bytes_.substr(begin, std::min<std::size_t>(at_ - begin, 32));
    int number = 0;
    const char* const digits = bytes_.data() + at_;
    const auto parsed = std::from_chars(digits, bytes_.data() + std::min(bytes_.size(), at_ + 11), number);
    const bool has_number = parsed.ec == std::errc();
    if (has_number) at_ += static_cast<std::size_t>(parsed.ptr - digits);
    if (at_ < bytes_.size() && bytes_[at_] == ' ') ++at_;
    if (word == "bin") {
      at_ += std::min<std::size_t>(bytes_.size() - at_, static_cast<std::size_t>(std::max(number, 0)));
      return;
    }
    if (skip_ > 0 && word != "u") {
      --skip_;  // a control word counts as one character
      return;
    }
    this->word(word, has_number ? std::optional<int>(number) : std::nullopt);
  }

  void symbol(char c) {
    ++at_;
    if (c == '\'') {
      unsigned value = 0;
      const std::string_view two = bytes_.substr(at_, 2);
      const auto parsed = std::from_chars(two.data(), two.data() + two.size(), value, 16);
      if (parsed.ec != std::errc() || parsed.ptr != two.data() + 2) return;
      at_ += 2;
      if (skip_ > 0)
        --skip_;
      else
        pending_ += static_cast<char>(value);
      return;
    }
    if (c == '*') {
      group().starred = true;
      return;
    }
    if (skip_ > 0) {
      --skip_;
      return;
    }
    if (c == '~' || c == '_') decode_bytes();
    if (c == '~') add("\u00A0");
    if (c == '_') add("-");
    if (c == '\r' || c == '\n') word("par", std::nullopt);
    if (c == '{' || c == '}' || c == '\\') pending_ += c;
  }

  void word(std::string_view word, std::optional<int> number) {
    decode_bytes();
    const bool on = number.value_or(1) != 0;
    if (word == "u") return unicode(number.value_or(0));
    high_ = 0;
    if (std::exchange(group().starred, false) && word != "fldinst" && word != "footnote") {
      // Those that nobody has to know.
      group().destination = Destination::nothing;
    }
    if (take_destination(word) || group().destination == Destination::nothing) return;
    if (word == "f") group().font = number.value_or(0);
    if (word == "uc") group().fallback = std::clamp(number.value_or(1), 0, 100);
    if (word == "v") group().hidden = on;
    if (word == "deleted") group().deleted = on;
    if (word == "plain") group().hidden = group().deleted = false, group().font = default_font_;
    if (word == "ansicpg") page_ = charset_of_page(number.value_or(1'252));
    if (word == "mac") page_ = "macintosh";
    if (word == "pc") page_ = "ibm-437";
    if (word == "deff") default_font_ = number.value_or(0);
    switch (group().destination) {
      case Destination::fonts:
        if (word == "fcharset" && fonts_.size() < kMaxFonts) fonts_[group().font] = charset_of_font(number.value_or(0));
        return;
      case Destination::styles:
        if (word == "s" || word == "cs" || word == "ds") style_ = word == "s" ? number.value_or(0) : -1;
        if (word == "outlinelevel" && style_ >= 0 && styles_.size() < kMaxStyles)
          styles_[style_].outline = number.value_or(9);
        return;
      case Destination::created:
      case Destination::revised:
        return date_word(word, number.value_or(0));
      default:
        return text_word(word, number);
    }
  }

  // Whether the word says what its group is for.
  bool take_destination(std::string_view word) {
    Group& own = group();
    if (own.destination == Destination::nothing && word != "title" && word != "author" && word != "creatim" &&
        word != "revtim")
      return false;
    if (word == "fonttbl") return own.destination = Destination::fonts, true;
    if (word == "stylesheet") return own.destination = Destination::styles, style_ = 0, true;
    if (word == "title") return own.destination = Destination::title, true;
    if (word == "author") return own.destination = Destination::author, true;
    if (word == "creatim") return own.destination = Destination::created, true;
    if (word == "revtim") return own.destination = Destination::revised, true;
    if (word == "fldinst") return own.destination = Destination::instruction, true;
    if (word == "footnote") return own.note = true;
    if (word == "listtext" || word == "pntext") item_ = true;
    if (!std::binary_search(kLeftOut.begin(), kLeftOut.end(), word)) return false;
    own.destination = Destination::nothing;
    return true;
  }

  void date_word(std::string_view word, int number) {
    Date& date = group().destination == Destination::created ? created_ : revised_;
    if (word == "yr") date.year = number;
    if (word == "mo") date.month = number;
    if (word == "dy") date.day = number;
    if (word == "hr") date.hour = number;
    if (word == "min") date.minute = number;
  }

  void text_word(std::string_view word, std::optional<int> number) {
    const auto named = std::find_if(kNamedCharacters.begin(), kNamedCharacters.end(),
                                    [&](const auto& each) { return each.first == word; });
    if (named != kNamedCharacters.end()) return add(named->second);
    if (group().note) {
      if (word == "par") add(" ");
      return;
    }
    if (word == "par" || word == "sect" || word == "page") return end_paragraph();
    if (word == "cell" || word == "nestcell") return end_cell();
    if (word == "row" || word == "nestrow") return end_row();
    if (word == "pard") style_ = 0, outline_ = -1, list_ = 0, level_ = 0, in_table_ = false;
    if (word == "s") style_ = number.value_or(0);
    if (word == "outlinelevel") outline_ = number.value_or(-1);
    if (word == "ls") list_ = number.value_or(0);
    if (word == "ilvl") level_ = std::clamp(number.value_or(0), 0, 5);
    if (word == "intbl") in_table_ = true;
  }

  void unicode(int number) {
    skip_ = group().fallback;
    const auto unit = static_cast<char32_t>(number < 0 ? number + 65'536 : number);
    if (unit >= 0xD800 && unit < 0xDC00) {
      high_ = unit;
      return;
    }
    char32_t point = unit;
    if (unit >= 0xDC00 && unit < 0xE000)
      point = high_ == 0 ? 0xFFFD : 0x10000 + ((high_ - 0xD800) << 10) + (unit - 0xDC00);
    high_ = 0;
    std::string utf8;
    append_utf8(utf8, point <= 0x10FFFF ? point : 0xFFFD);
    add(utf8);
  }

  void decode_bytes() {
    if (pending_.empty()) return;
    const std::string bytes = std::exchange(pending_, {});
    if (group().destination == Destination::nothing) return;
    if (std::all_of(bytes.begin(), bytes.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; }))
      return add(bytes);
    const auto font = fonts_.find(group().font);
    add(utf8_from(bytes, font != fonts_.end() && !font->second.empty() ? font->second : page_));
  }

  void add(std::string_view text) {
    const Group& own = group();
    switch (own.destination) {
      case Destination::text:
        if (own.deleted) return;
        if (own.hidden)
          document_.hidden_characters += static_cast<std::uint32_t>(
              std::count_if(text.begin(), text.end(), [](char c) { return c != ' ' && (c & 0xC0) != 0x80; }));
        else
          (own.note ? note_ : line_).append(text);
        return;
      case Destination::styles:
        style_name_.append(text);
        return;
      case Destination::title:
        title_.append(text);
        return;
      case Destination::author:
        author_.append(text);
        return;
      case Destination::instruction:
        instruction_.append(text.substr(0, 4'096));
        return;
      default:
        return;
    }
  }

  void close() {
    decode_bytes();
    if (groups_.size() < 2) return;
    const Group closed = groups_.back();
    groups_.pop_back();
    skip_ = 0;
    if (closed.destination == Destination::styles) {
      std::string name = lower(trimmed(style_name_.substr(0, style_name_.find(';'))));
      if (style_ >= 0 && !name.empty() && styles_.size() < kMaxStyles) styles_[style_].name = std::move(name);
      style_name_.clear();
      style_ = 0;
    }
    if (closed.destination == Destination::instruction && group().destination != Destination::instruction) take_link();
  }

  // HYPERLINK "https://example.org/"
  void take_link() {
    const std::string text = std::exchange(instruction_, {});
    const std::size_t word = text.find("HYPERLINK"), quote = text.find('"', word);
    const std::size_t end = quote == std::string::npos ? quote : text.find('"', quote + 1);
    if (word == std::string::npos || end == std::string::npos ||
        text.substr(word, quote - word).find("\\l") != std::string::npos)
      return;
    if (document_.links.size() < reading_.limits.max_links)
      document_.links.push_back({text.substr(quote + 1, end - quote - 1), "", false});
  }

  int heading_level() const {
    if (outline_ >= 0 && outline_ < 9) return outline_ + 1;
    const auto style = styles_.find(style_);
    if (style == styles_.end()) return 0;
    if (style->second.outline >= 0 && style->second.outline < 9) return style->second.outline + 1;
    for (const std::string_view name : {"heading "sv, "titre "sv, "überschrift "sv, "título "sv, "titolo "sv}) {
      const std::string_view own = style->second.name;
      if (own.starts_with(name) && own.size() == name.size() + 1 && own.back() >= '1' && own.back() <= '9')
        return own.back() - '0';
    }
    return 0;
  }

  BlockKind kind_of_style() const {
    const auto style = styles_.find(style_);
    const std::string_view name = style == styles_.end() ? ""sv : std::string_view(style->second.name);
    if (name.starts_with("quot") || name == "citation" || name == "block text" || name == "intense quote")
      return BlockKind::quote;
    if (name == "preformatted text" || name == "html preformatted" || name == "plain text code" || name == "code")
      return BlockKind::code;
    return BlockKind::paragraph;
  }

  void end_paragraph() {
    decode_bytes();
    if (in_table_ || !row_.empty()) return add(" ");  // of several in a cell
    table_.finish();
    const std::string text = std::exchange(line_, {});
    const bool item = std::exchange(item_, false) || list_ > 0;
    const auto style = styles_.find(style_);
    const int level = heading_level();
    if (style != styles_.end() && style->second.name == "title" && document_.title.empty() &&
        document_.blocks.empty()) {
      document_.title = title_of(text);
    } else if (level > 0) {
      builder_.add(BlockKind::heading, static_cast<std::uint8_t>(std::min(level, 6)), text);
    } else if (item) {
      builder_.add(BlockKind::list_item, static_cast<std::uint8_t>(level_ + 1), text, in_list_);
    } else {
      builder_.add(kind_of_style(), 0, text);
    }
    in_list_ = item && level == 0;
    if (!note_.empty()) builder_.add(BlockKind::paragraph, 0, std::exchange(note_, {}));
  }

  void end_cell() {
    decode_bytes();
    row_.push_back(collapse_space(std::exchange(line_, {})));
    item_ = false;
  }

  void end_row() {
    if (!row_.empty()) table_.add_row(std::exchange(row_, {}));
    in_table_ = false;
    in_list_ = false;
  }

  void finish_facts() {
    if (const std::string title = title_of(title_); !title.empty()) document_.title = title;
    if (!author_.empty()) add_author(document_, author_);
    document_.published = created_.timestamp();
    document_.modified = revised_.timestamp();
    set_languages(document_, text::detect_language(document_.text, reading_.hints.language));
  }

  const std::string_view bytes_;
  const Reading& reading_;
  Document& document_;
  DocumentBuilder builder_;
  TableWriter table_;
  std::size_t at_ = 0;
  std::vector<Group> groups_;
  std::string page_ = "windows-1252";
  std::string pending_;  // bytes in the font's code page
  std::map<int, std::string> fonts_;
  std::map<int, Style> styles_;
  std::string line_, note_, title_, author_, instruction_, style_name_;
  std::vector<std::string> row_;
  Date created_, revised_;
  char32_t high_ = 0;  // the first of a surrogate pair
  int skip_ = 0;       // characters for readers that do not know \u
  int default_font_ = 0, style_ = 0, outline_ = -1, list_ = 0, level_ = 0;
  bool in_table_ = false, item_ = false, in_list_ = false;
};

}  // namespace

Result<void> read_rtf(std::string_view bytes, const Reading& reading, Document& document) {
  document.media_type = "application/rtf";
  return RtfReader(bytes, reading, document).run();
}

}  // namespace renvoi::extract
