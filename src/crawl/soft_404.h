// Pages that are not what their status 200 says: "not found" pages, parking pages, logins, captchas. Pure.
//
// The surest sign is that the host answers an address that cannot exist with nearly the same text (Bar-Yossef et al.,
// "Sic transit gloria telae", WWW 2004; Meneses et al., Robustify, TPDL 2012). Words of a title are a sign only for a
// short page. Taking a living page for a dead one is the worse mistake: in doubt it is a page.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace renvoi::crawl {

// A text by 64 minima of hashes of its shingles of three words (Broder, "On the resemblance and containment of
// documents", 1997). Words with digits, and those of the address, are left out: error pages repeat what was asked for.
struct TextSketch {
  std::array<std::uint32_t, 64> minima{};
  std::uint32_t words = 0;
};
TextSketch sketch_of(std::string_view title, std::string_view text, std::string_view address);
// An estimate of the share of common shingles, 0 to 1 (standard error at most .06). 0 when one has no words.
double resemblance(const TextSketch& a, const TextSketch& b);

// What a host answered when it was asked for a page that cannot exist.
struct Probe {
  bool found = false;         // it said 200
  std::string final_address;  // where that led, when it redirected; else ""
  TextSketch sketch;
};
std::string to_string(const Probe& probe);  // without any text
std::optional<Probe> parse_probe(std::string_view text);

// An address beside `address` in `folder` ("/docs/"; empty: its own) that nobody has made: the same one for the same
// `day`, and of the same kind (".html") as `address`.
std::string probe_address(std::string_view address, std::string_view folder, std::int64_t day);

// Does the page look as the answer to the probe? `final_address` is where the page was found.
bool resembles(const Probe& probe, const TextSketch& page, std::string_view asked, std::string_view final_address);

enum class PageKind : std::uint8_t {
  page,
  not_found,  // says so itself
  parking,    // its domain is for sale
  login,      // wants an account
  captcha,    // wants a human, or cookies
};

struct PageFacts {
  std::string_view title;
  std::string_view text;  // the main content
  std::string_view html;  // the whole; may be empty
  std::string_view asked, final_address;
};
struct PageVerdict {
  PageKind kind = PageKind::page;
  std::string reason;  // for people: "its title says \"page introuvable\""
};
// By what the page says, in French and English. Never `not_found` for a text of 80 words or more.
PageVerdict judge_page(const PageFacts& facts);

}  // namespace renvoi::crawl
