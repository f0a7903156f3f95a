#include "crawl/soft_404.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <limits>
#include <set>
#include <span>
#include <vector>

#include "base/hash.h"
#include "base/utf8.h"
#include "crawl/ascii.h"
#include "net/url.h"
#include "text/normalize.h"

namespace renvoi::crawl {
namespace {

constexpr std::size_t kMostWords = 20'000;
constexpr std::size_t kShingleWords = 3;
constexpr double kNearlyEqual = 0.75;

bool is_word_byte(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c >= 0x80;
}

template <typename Take>
void each_word(std::string_view text, Take take) {
  std::size_t at = 0;
  while (at < text.size()) {
    while (at < text.size() && !is_word_byte(static_cast<unsigned char>(text[at]))) ++at;
    const std::size_t begin = at;
    while (at < text.size() && is_word_byte(static_cast<unsigned char>(text[at]))) ++at;
    if (at > begin && !take(lower(text.substr(begin, at - begin)))) return;
  }
}

bool has_digit(std::string_view word) {
  return std::any_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::uint64_t mixed(std::uint64_t x) {  // the finalizer of SplitMix64 (Steele, Lea and Flood 2014)
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31);
}

std::uint64_t hash_of(std::string_view word) {
  std::uint64_t hash = 0xCBF29CE484222325U;  // FNV-1a
  for (const char c : word) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  return mixed(hash);
}

std::size_t count_words(std::string_view text, std::size_t most) {
  std::size_t words = 0;
  each_word(text, [&](const std::string&) { return ++words < most; });
  return words;
}

// Lower case, without accents, with plain apostrophes and single spaces: what the phrases below are written in.
std::string plain(std::string_view text, std::size_t most_bytes) {
  return text::fold(text::normalize_for_quotes(truncate_utf8(text, most_bytes)));
}

using Phrases = std::initializer_list<std::string_view>;

std::string_view first_of(std::string_view text, Phrases phrases) {
  for (const std::string_view phrase : phrases)
    if (text.find(phrase) != std::string_view::npos) return phrase;
  return {};
}

const Phrases kMissing{"page not found",
                       "page introuvable",
                       "page non trouvee",
                       "page inexistante",
                       "error 404",
                       "erreur 404",
                       "404 not found",
                       "404 error",
                       "page does not exist",
                       "page doesn't exist",
                       "page doesn t exist",
                       "cette page n'existe",
                       "page n'existe",
                       "n'existe pas ou plus",
                       "page you requested could not be found",
                       "page you are looking for",
                       "page you were looking for",
                       "page que vous cherchez",
                       "page que vous recherchez",
                       "page demandee",
                       "file not found",
                       "no longer available",
                       "n'est plus disponible",
                       "document introuvable",
                       "could not be found",
                       "has been removed",
                       "a ete supprimee",
                       "a ete supprime",
                       "contenu introuvable",
                       "nothing was found at this location"};
// A whole part of a title.
const Phrases kMissingTitles{"404",
                             "not found",
                             "introuvable",
                             "page introuvable",
                             "page not found",
                             "error 404",
                             "erreur 404",
                             "404 not found",
                             "404 error",
                             "page non trouvee",
                             "page inexistante",
                             "file not found",
                             "document introuvable",
                             "404 - page not found",
                             "oops! page not found"};
const Phrases kForSale{"domain is for sale",
                       "domain name is for sale",
                       "domain may be for sale",
                       "buy this domain",
                       "domain is parked",
                       "domain has expired",
                       "domain name has expired",
                       "parked free, courtesy of",
                       "domaine est a vendre",
                       "acheter ce domaine",
                       "domaine a expire",
                       "domaine est expire",
                       "domain is available for purchase",
                       "make an offer on this domain"};
const Phrases kParkers{
    "sedoparking.com",   "parkingcrew.net",    "bodis.com/",           "parklogic.com",
    "above.com/parking", "dan.com/buy-domain", "afternic.com/forsale", "hugedomains.com/domain_profile"};
const Phrases kLoginTitles{"log in",        "login",          "sign in",          "connexion",
                           "se connecter",  "identification", "authentification", "authentication required",
                           "please log in", "connectez-vous"};
const Phrases kLoginSegments{"login",        "log-in",           "signin",     "sign-in",      "connexion",
                             "se-connecter", "authentification", "sso",        "cas",          "oauth",
                             "wp-login.php", "login.php",        "login.aspx", "account/login"};
const Phrases kHuman{"verify you are human",
                     "verify that you are human",
                     "are you a robot",
                     "you are not a robot",
                     "i'm not a robot",
                     "complete the security check",
                     "checking your browser",
                     "enable javascript and cookies to continue",
                     "unusual traffic",
                     "prove you are human",
                     "verifiez que vous etes humain",
                     "je ne suis pas un robot",
                     "vous n'etes pas un robot",
                     "etes-vous un robot",
                     "verification de securite",
                     "solve the captcha",
                     "complete the captcha"};
const Phrases kCookies{"please enable cookies",
                       "enable cookies to continue",
                       "accept cookies to continue",
                       "cookies are required",
                       "cookies must be enabled",
                       "veuillez activer les cookies",
                       "activez les cookies",
                       "accepter les cookies pour continuer",
                       "your browser does not accept cookies"};

bool has_password_field(std::string_view html) {
  const std::string low = lower(html.substr(0, 256u << 10));
  return low.find("type=\"password\"") != std::string::npos || low.find("type=password") != std::string::npos ||
         low.find("type='password'") != std::string::npos;
}

// "Page not found | Site": its parts.
std::vector<std::string> parts_of(std::string_view title) {
  std::vector<std::string> parts;
  std::string part;
  const auto flush = [&] {
    const std::string_view kept = trim(part);
    if (!kept.empty()) parts.emplace_back(kept);
    part.clear();
  };
  for (std::size_t i = 0; i < title.size(); ++i) {
    const bool dash = title[i] == '-' && i > 0 && title[i - 1] == ' ';
    if (title[i] == '|' || title[i] == ':' || dash)
      flush();
    else if (title[i] != '!' && title[i] != '.')
      part += title[i];
  }
  flush();
  return parts;
}

std::string_view missing_title(const std::vector<std::string>& parts) {
  for (const std::string& part : parts)
    for (const std::string_view known : kMissingTitles)
      if (part == known) return known;
  return {};
}

bool is_login_address(std::string_view address) {
  const auto url = net::Url::parse(address);
  if (!url) return false;
  std::string path = lower(url->path());
  std::size_t begin = 0;
  while (begin < path.size()) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view segment = std::string_view(path).substr(begin, end - begin);
    if (std::find(kLoginSegments.begin(), kLoginSegments.end(), segment) != kLoginSegments.end()) return true;
    begin = end + 1;
  }
  return false;
}

std::string quoted(std::string_view what, std::string_view phrase) {
  return std::string(what) + " \"" + std::string(phrase) + "\"";
}

std::optional<PageVerdict> judge_login(const PageFacts& facts, const std::vector<std::string>& title,
                                       std::size_t words) {
  const bool redirected = !facts.final_address.empty() && facts.final_address != facts.asked;
  if (redirected && is_login_address(facts.final_address) && !is_login_address(facts.asked) &&
      (words < 100 || has_password_field(facts.html)))
    return PageVerdict{PageKind::login, "it leads to a login page, " + std::string(facts.final_address)};
  if (words >= 60 || !has_password_field(facts.html) || is_login_address(facts.asked)) return {};
  for (const std::string& part : title)
    for (const std::string_view known : kLoginTitles)
      if (part == known) return PageVerdict{PageKind::login, quoted("it is a login page, titled", part)};
  return {};
}

std::optional<PageVerdict> judge_captcha(std::string_view start, const std::vector<std::string>& title,
                                         std::string_view html, std::size_t words) {
  if (words >= 80) return {};
  if (const auto phrase = first_of(start, kHuman); !phrase.empty())
    return PageVerdict{PageKind::captcha, quoted("it is a check for robots:", phrase)};
  if (const auto phrase = first_of(start, kCookies); !phrase.empty())
    return PageVerdict{PageKind::captcha, quoted("it wants cookies:", phrase)};
  const std::string low = lower(html.substr(0, 64u << 10));
  const bool challenged =
      !first_of(low, {"/cdn-cgi/challenge-platform", "cf-chl-", "captcha-delivery.com", "px-captcha", "_incapsula_"})
           .empty();
  for (const std::string& part : title)
    if (challenged &&
        !first_of(part, {"just a moment", "attention required", "access denied", "un instant", "captcha"}).empty())
      return PageVerdict{PageKind::captcha, quoted("it is a check for robots, titled", part)};
  return {};
}

std::optional<PageVerdict> judge_parking(std::string_view start, std::string_view html, std::size_t words) {
  if (words >= 120) return {};
  if (const auto phrase = first_of(start, kForSale); !phrase.empty())
    return PageVerdict{PageKind::parking, quoted("a parking page:", phrase)};
  const auto parker = first_of(lower(html.substr(0, 64u << 10)), kParkers);
  if (words < 40 && !parker.empty()) return PageVerdict{PageKind::parking, quoted("a parking page of", parker)};
  return {};
}

}  // namespace

TextSketch sketch_of(std::string_view title, std::string_view text, std::string_view address) {
  std::set<std::string> of_address;
  each_word(address, [&](std::string word) {
    of_address.insert(std::move(word));
    return true;
  });
  std::vector<std::uint64_t> words;
  const auto take = [&](const std::string& word) {
    if (!has_digit(word) && !of_address.contains(word)) words.push_back(hash_of(word));
    return words.size() < kMostWords;
  };
  each_word(title, take);
  each_word(text, take);
  TextSketch sketch;
  sketch.words = static_cast<std::uint32_t>(words.size());
  sketch.minima.fill(std::numeric_limits<std::uint32_t>::max());
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::uint64_t shingle = 0;
    for (std::size_t j = i; j < std::min(i + kShingleWords, words.size()); ++j)
      shingle = mixed(shingle ^ words[j]) + j - i;
    for (std::size_t k = 0; k < sketch.minima.size(); ++k) {
      const auto value = static_cast<std::uint32_t>(mixed(shingle + k * 0x9E3779B97F4A7C15U) >> 32);
      sketch.minima[k] = std::min(sketch.minima[k], value);
    }
  }
  return sketch;
}

double resemblance(const TextSketch& a, const TextSketch& b) {
  if (a.words == 0 || b.words == 0) return 0;
  std::size_t equal = 0;
  for (std::size_t k = 0; k < a.minima.size(); ++k) equal += a.minima[k] == b.minima[k] ? 1 : 0;
  return static_cast<double>(equal) / static_cast<double>(a.minima.size());
}

std::string to_string(const Probe& probe) {
  if (!probe.found) return "none";
  const auto bytes = std::as_bytes(std::span(probe.sketch.minima));
  return "found " + std::to_string(probe.sketch.words) + " " + to_hex(bytes) + " " + probe.final_address;
}

std::optional<Probe> parse_probe(std::string_view text) {
  Probe probe;
  if (text == "none") return probe;
  if (!text.starts_with("found ")) return {};
  text.remove_prefix(6);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), probe.sketch.words);
  if (error != std::errc()) return {};
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  constexpr std::size_t kHexBytes = 2 * sizeof(probe.sketch.minima);
  if (text.size() < kHexBytes + 2 || text[0] != ' ' || text[kHexBytes + 1] != ' ') return {};
  const auto bytes = std::as_writable_bytes(std::span(probe.sketch.minima));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    unsigned value = 0;
    const char* digits = text.data() + 1 + 2 * i;
    const auto [stop, wrong] = std::from_chars(digits, digits + 2, value, 16);
    if (wrong != std::errc() || stop != digits + 2) return {};
    bytes[i] = static_cast<std::byte>(value);
  }
  probe.final_address = text.substr(kHexBytes + 2);
  probe.found = true;
  return probe;
}

std::string probe_address(std::string_view address, std::string_view folder, std::int64_t day) {
  const auto url = net::Url::parse(address);
  if (!url) return {};
  const std::string path = url->path();
  const std::size_t slash = path.rfind('/');
  const std::string name = path.substr(slash + 1);
  const std::size_t dot = name.rfind('.');
  const std::string in = folder.empty() ? path.substr(0, slash + 1) : std::string(folder);
  const Sha256 digest = sha256(url->origin() + " " + in + " " + std::to_string(day));
  return url->origin() + in + "renvoi-" + to_hex(std::span(digest).first(8)) +
         (dot == std::string::npos ? "" : name.substr(dot));
}

bool resembles(const Probe& probe, const TextSketch& page, std::string_view asked, std::string_view final_address) {
  if (!probe.found) return false;
  if (!probe.final_address.empty() && final_address == probe.final_address && final_address != asked) return true;
  const auto [fewer, more] = std::minmax(probe.sketch.words, page.words);
  return fewer * 10 >= more * 7 && resemblance(probe.sketch, page) >= kNearlyEqual;
}

PageVerdict judge_page(const PageFacts& facts) {
  constexpr std::size_t kLong = 120;
  const std::size_t words = count_words(facts.text, kLong + 1);
  const std::vector<std::string> title = parts_of(plain(facts.title, 300));
  if (auto verdict = judge_login(facts, title, words)) return *verdict;
  if (words > kLong) return {};
  const std::string start = plain(facts.title, 300) + "\n" + plain(facts.text, 2'000);
  if (auto verdict = judge_captcha(start, title, facts.html, words)) return *verdict;
  if (auto verdict = judge_parking(start, facts.html, words)) return *verdict;
  if (words >= 80) return {};
  const std::string_view by_title = missing_title(title);
  const std::string_view by_text = first_of(start, kMissing);
  if (!by_title.empty() && (words < 30 || !by_text.empty()))
    return {PageKind::not_found, quoted("its title says", by_title)};
  if (!by_text.empty() && words < 40) return {PageKind::not_found, quoted("all it says is", by_text)};
  return {};
}

}  // namespace renvoi::crawl
