#include "extract/passages.h"

#include <algorithm>
#include <array>

#include "base/hash.h"
#include "base/utf8.h"
#include "text/normalize.h"
#include "text/sentences.h"

namespace renvoi::extract {
namespace {

constexpr std::size_t kMaxHeadingPathBytes = 300;
constexpr std::size_t kMaxHeadingBytes = 100;  // of one heading within the path
constexpr std::string_view kArrow = " > ";

using Headings = std::array<std::string, 6>;  // by level

// A run of blocks under one heading.
struct Section {
  Headings headings;
  std::vector<Block> blocks;
};

// A piece of text that is not cut: a sentence, a short block, or a part of an over-long sentence.
struct Unit {
  text::Range range;
  std::uint32_t tokens = 0;
  bool starts_block = false;
};

// A page of headings alone is all body: it must be found too.
std::vector<Section> headings_as_body(const Document& document) {
  if (document.blocks.empty()) return {};
  return {Section{{}, document.blocks}};
}

// What stands above the text that follows the heading `block`.
void enter(const Document& document, const Block& block, Headings& headings) {
  const std::size_t level = std::clamp<std::size_t>(block.level, 1, 6) - 1;
  headings[level] = truncate_utf8(text::slice(document.text, block.range), kMaxHeadingBytes);
  for (std::size_t deeper = level + 1; deeper < headings.size(); ++deeper) headings[deeper].clear();
}

std::vector<Section> sections_of(const Document& document) {
  std::vector<Section> sections(1);
  for (const Block& block : document.blocks) {
    if (block.kind != BlockKind::heading) {
      sections.back().blocks.push_back(block);
      continue;
    }
    Section next;
    next.headings = sections.back().headings;
    enter(document, block, next.headings);
    if (sections.back().blocks.empty())
      sections.back() = std::move(next);
    else
      sections.push_back(std::move(next));
  }
  if (sections.back().blocks.empty()) sections.pop_back();
  if (sections.empty()) return headings_as_body(document);
  return sections;
}

std::string path_of(const Document& document, const Headings& headings) {
  std::string path = document.title;
  for (const std::string& heading : headings) {
    if (heading.empty() || heading == document.title) continue;
    if (!path.empty()) path += kArrow;
    path += heading;
  }
  return std::string(truncate_utf8(path, kMaxHeadingPathBytes));
}

class PassageMaker {
 public:
  PassageMaker(const Document& document, const PassageOptions& options) : document_(document), options_(options) {
    options_.max_tokens = std::max<std::uint32_t>(options_.max_tokens, 8);
    options_.target_tokens = std::clamp<std::uint32_t>(options_.target_tokens, 4, options_.max_tokens);
  }

  std::vector<Passage> run() {
    const std::vector<Section> sections = sections_of(document_);
    std::size_t first = 0;  // of the sections gathered
    for (std::size_t i = 0; i < sections.size(); ++i) {
      if (units_.empty()) first = i;
      for (const Block& block : sections[i].blocks) add_block(block);
      if (i + 1 < sections.size() && joins(sections, first, i + 1)) continue;
      flush(path_of(document_, sections[first].headings));
    }
    return std::move(passages_);
  }

 private:
  // A passage of ten words finds nothing: a short section goes on into the next one of its chapter, and a section takes
  // in its own subsections ("Syntax", "Example"), each with all below it, while they fit into one passage.
  bool joins(const std::vector<Section>& sections, std::size_t first, std::size_t next) const {
    const Section &from = sections[first], &last = sections[next - 1], &to = sections[next];
    if (tokens_ < options_.min_tokens) return from.headings[0] == to.headings[0] && depth(to) >= depth(last);
    return depth(to) > depth(from) && is_below(to, from) &&
           tokens_ + tokens_of_branch(sections, next) <= options_.target_tokens;
  }

  static bool is_below(const Section& section, const Section& above) {
    const auto shared = static_cast<std::ptrdiff_t>(depth(above));
    return std::equal(above.headings.begin(), above.headings.begin() + shared, section.headings.begin());
  }

  static std::size_t depth(const Section& section) {
    std::size_t depth = section.headings.size();
    while (depth > 0 && section.headings[depth - 1].empty()) --depth;
    return depth;
  }

  // Of a section and all below it; counting stops above the target.
  std::uint32_t tokens_of_branch(const std::vector<Section>& sections, std::size_t at) const {
    std::uint32_t tokens = 0;
    for (std::size_t i = at; i < sections.size() && is_below(sections[i], sections[at]); ++i) {
      for (const Block& block : sections[i].blocks) {
        tokens += text::estimate_tokens(text::slice(document_.text, block.range));
        if (tokens > options_.target_tokens) return tokens;
      }
    }
    return tokens;
  }

  void add_block(const Block& block) {
    const std::string_view whole = text::slice(document_.text, block.range);
    const std::uint32_t tokens = text::estimate_tokens(whole);
    if (tokens <= options_.target_tokens / 4) {
      return add_unit({block.range, tokens, true});
    }
    bool first = true;
    for (const text::Range sentence : text::sentences(whole, document_.language)) {
      const text::Range range{block.range.begin + sentence.begin, block.range.begin + sentence.end};
      for (const text::Range part : fitting_parts(range)) {
        add_unit({part, text::estimate_tokens(text::slice(document_.text, part)), first});
        first = false;
      }
    }
  }

  // Headings between the units of one passage are in its range: they count with what follows them.
  void add_unit(Unit unit) {
    if (!units_.empty())
      unit.tokens += text::estimate_tokens(text::slice(document_.text, {units_.back().range.end, unit.range.begin}));
    tokens_ += unit.tokens;
    units_.push_back(unit);
  }

  // The sentence, or when it is longer than a passage may be, parts of it cut at white space (and within a word that is
  // itself too long, at a code point).
  std::vector<text::Range> fitting_parts(text::Range sentence) const {
    std::vector<text::Range> parts;
    while (sentence.size() > 0) {
      const std::string_view rest = text::slice(document_.text, sentence);
      const std::size_t fits = longest_fit(rest);
      if (fits >= rest.size()) {
        parts.push_back(sentence);
        break;
      }
      parts.push_back({sentence.begin, sentence.begin + static_cast<std::uint32_t>(fits)});
      sentence.begin += static_cast<std::uint32_t>(fits);
      while (sentence.size() > 0 && is_space(document_.text[sentence.begin])) ++sentence.begin;
    }
    return parts;
  }

  static bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t'; }

  // How many bytes of `text` make at most max_tokens, cut at white space where there is some. A token takes at least a
  // byte: from that many one goes up by doubling, then halves, so that a sentence of megabytes is cut in linear time.
  std::size_t longest_fit(std::string_view text) const {
    const auto fits = [&](std::size_t bytes) {
      return text::estimate_tokens(truncate_utf8(text, bytes)) <= options_.max_tokens;
    };
    std::size_t good = decode_utf8(text).length, bad = std::max<std::size_t>(good + 1, options_.max_tokens);
    while (bad < text.size() && fits(bad)) {
      good = bad;
      bad *= 2;
    }
    if (bad >= text.size()) {
      if (fits(text.size())) return text.size();
      bad = text.size();
    }
    while (bad - good > 16) {
      const std::size_t middle = good + (bad - good) / 2;
      (fits(middle) ? good : bad) = middle;
    }
    const std::string_view head = truncate_utf8(text, good);
    const std::size_t space = head.find_last_of(" \n\t");
    return space != std::string_view::npos && space > head.size() / 4 ? space : std::max<std::size_t>(head.size(), 1);
  }

  // Cuts the gathered units into passages of about the target, evenly, rather at the start of a block.
  void flush(const std::string& path) {
    if (units_.empty()) return;
    const std::uint32_t count =
        std::max<std::uint32_t>(1, (tokens_ + options_.target_tokens / 2) / options_.target_tokens);
    const std::uint32_t share = (tokens_ + count - 1) / count;
    std::size_t begin = 0;
    std::uint32_t held = 0, left = tokens_;
    for (std::size_t i = 0; i < units_.size(); ++i) {
      const std::uint32_t with = held + units_[i].tokens;
      const bool enough = held >= share || (held * 5 >= share * 4 && units_[i].starts_block) ||
                          (held * 2 >= share && with > share + share / 4);
      // What is left must be worth a passage of its own.
      if (i > begin && (with > options_.max_tokens || (count > 1 && enough && left * 3 >= share))) {
        emit(begin, i, path);
        begin = i;
        held = 0;
      }
      held += units_[i].tokens;
      left -= units_[i].tokens;
    }
    emit(begin, units_.size(), path);
    units_.clear();
    tokens_ = 0;
  }

  void emit(std::size_t begin, std::size_t end, const std::string& path) {
    Passage passage;
    passage.ordinal = static_cast<std::uint32_t>(passages_.size());
    passage.range = {units_[begin].range.begin, units_[end - 1].range.end};
    passage.heading_path = path;
    passage.fingerprint = fingerprint(text::slice(document_.text, passage.range));
    passages_.push_back(std::move(passage));
  }

  const Document& document_;
  PassageOptions options_;
  std::vector<Passage> passages_;
  std::vector<Unit> units_;
  std::uint32_t tokens_ = 0;
};

}  // namespace

std::vector<Passage> passages(const Document& document, const PassageOptions& options) {
  return PassageMaker(document, options).run();
}

std::string heading_path_at(const Document& document, std::uint32_t offset) {
  Headings headings;
  for (const Block& block : document.blocks) {
    if (block.range.begin > offset) break;
    if (block.kind == BlockKind::heading) enter(document, block, headings);
  }
  return path_of(document, headings);
}

std::string passage_input(const Document& document, const Passage& passage) {
  const std::string_view body = text::slice(document.text, passage.range);
  if (passage.heading_path.empty()) return std::string(body);
  return passage.heading_path + "\n" + std::string(body);
}

}  // namespace renvoi::extract
