#include "server/plain_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/date.h"
#include "net/url.h"
#include "text/markup.h"

namespace renvoi::app {
namespace {

using text::escaped_markup;

constexpr PlainWords kEnglish{
    false,
    "Your question",
    "Ask",
    "Answer",
    "Sources",
    "Found, but not cited",
    "No answer in the sources",
    "checked",
    "not checked now, last verified",
    "never checked",
    "This did not work",
    "This server wants a key, which a page without script cannot give: allow scripts, or use the API.",
    "The question is too long: 8,000 bytes at most.",
    "The same with scripts"};
constexpr PlainWords kFrench{true,
                             "Votre question",
                             "Demander",
                             "Réponse",
                             "Sources",
                             "Trouvé, mais non cité",
                             "Pas de réponse dans les sources",
                             "vérifié le",
                             "non vérifié à l’instant, dernière vérification le",
                             "jamais vérifié",
                             "Cela n’a pas marché",
                             "Ce serveur demande une clé, qu’une page sans script ne peut pas donner : autorisez les "
                             "scripts, ou utilisez l’API.",
                             "La question est trop longue : 8 000 octets au plus.",
                             "La même page avec scripts"};

// Only these are followed from a page, whatever a document's address says.
bool may_be_link(std::string_view address) {
  return (address.starts_with("http://") || address.starts_with("https://")) && net::Url::parse(address).ok();
}

std::string paragraph(std::string_view text, std::size_t citations) {
  std::string out;
  bool bold = false;
  for (std::size_t at = 0; at < text.size();) {
    if (text.substr(at, 2) == "**" && (bold || text.find("**", at + 2) != std::string_view::npos)) {
      out += bold ? "</strong>" : "<strong>";
      bold = !bold;
      at += 2;
      continue;
    }
    std::size_t number = 0;
    const char* const end = text.data() + text.size();
    if (text[at] == '[') {
      const auto [stop, error] = std::from_chars(text.data() + at + 1, end, number);
      if (error == std::errc() && stop != end && *stop == ']' && number >= 1 && number <= citations) {
        out += fmt::format("<a class=\"mark\" href=\"#source-{0}\">{0}</a>", number);
        at = static_cast<std::size_t>(stop - text.data()) + 1;
        continue;
      }
    }
    out += escaped_markup(text.substr(at++, 1));
  }
  return bold ? out + "</strong>" : out;
}

std::string_view state_word(const PlainWords& words, catalog::ReferenceState state) {
  using State = catalog::ReferenceState;
  switch (state) {
    case State::live:
      return words.french ? "en ligne" : "live";
    case State::moved:
      return words.french ? "déplacé" : "moved";
    case State::host_down:
      return words.french ? "serveur muet" : "host down";
    case State::archived:
      return words.french ? "disparu, notre copie" : "gone, our copy";
    default:
      return catalog::to_string(state);
  }
}

// "2026-11-24 20:42 UTC".
std::string minute(Timestamp time) {
  const std::string text = to_rfc3339(time);
  return text.substr(0, 10) + " " + text.substr(11, 5) + " UTC";
}

std::string source(const PlainWords& words, const answer::Citation& citation) {
  const std::string title = escaped_markup(citation.title.empty() ? citation.address : citation.title);
  const std::string& target = citation.link.empty() ? citation.address : citation.link;
  const std::string heading = may_be_link(target) ? fmt::format("<a href=\"{}\" rel=\"noopener noreferrer\">{}</a>",
                                                                escaped_markup(target), title)
                                                  : title;
  const std::string checked =
      citation.checked_at == 0
          ? std::string(words.never)
          : fmt::format("{} {}", citation.verified ? words.checked : words.last_verified, minute(citation.checked_at));
  return fmt::format(
      "<li class=\"card\" id=\"source-{}\"><span class=\"number\" aria-hidden=\"true\">{}</span><div class=\"body\">"
      "<h3>{}</h3><p class=\"address\">{}</p><blockquote><mark>{}</mark></blockquote>"
      "<p class=\"state\"><span class=\"badge {}\">{}</span> {}</p></div></li>\n",
      citation.number, citation.number, heading, escaped_markup(citation.address), escaped_markup(citation.quote),
      citation.state == catalog::ReferenceState::live ? "live" : "", state_word(words, citation.state), checked);
}

}  // namespace

const PlainWords& plain_words(std::string_view accept_language) {
  const auto french = accept_language.find("fr"), english = accept_language.find("en");
  return french < english ? kFrench : kEnglish;
}

std::string html_of_answer(std::string_view text, std::size_t citations) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (end > 0) out += "<p>" + paragraph(text.substr(0, end), citations) + "</p>\n";
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string plain_problem(const PlainWords& words, std::string_view message) {
  return fmt::format("<section class=\"failure\"><h2>{}</h2><p>{}</p></section>\n", words.failed,
                     escaped_markup(message));
}

std::string plain_answer(const PlainWords& words, const answer::Answer& answer) {
  std::string out =
      fmt::format("<section class=\"answer{}\"><h2>{}</h2>\n{}</section>\n", answer.abstained ? " abstained" : "",
                  answer.abstained ? words.none : words.answer, html_of_answer(answer.text, answer.citations.size()));
  if (!answer.citations.empty()) {
    out += fmt::format("<section class=\"sources\"><h2>{}</h2><ol>\n", words.sources);
    for (const auto& citation : answer.citations) out += source(words, citation);
    out += "</ol></section>\n";
  }
  if (!answer.dropped.empty()) {
    out += fmt::format("<section class=\"dropped\"><h2>{}</h2><ul>\n", words.dropped);
    for (const auto& each : answer.dropped)
      out += fmt::format(
          "<li><strong>{}</strong> <span class=\"address\">{}</span> <span class=\"reason\" "
          "lang=\"en\">{}</span></li>\n",
          escaped_markup(each.title), escaped_markup(each.address), escaped_markup(each.reason));
    out += "</ul></section>\n";
  }
  return out;
}

std::string plain_page(const PlainWords& words, std::string_view question, std::string_view inner) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
      "<meta name=\"color-scheme\" content=\"light dark\"><title>renvoi</title>"
      "<link rel=\"icon\" type=\"image/svg+xml\" href=\"/assets/icon.svg\">"
      "<link rel=\"stylesheet\" href=\"/assets/app.css\"></head>\n<body><div class=\"without-script\">"
      "<header class=\"plain-top\"><h1>renvoi</h1></header><main>\n"
      "<form class=\"ask\" action=\"/ask\" method=\"get\" role=\"search\"><label for=\"question\">{}</label>"
      "<div class=\"row\"><input id=\"question\" name=\"q\" type=\"text\" required maxlength=\"2000\" value=\"{}\">"
      "<button type=\"submit\">{}</button></div></form>\n<div class=\"result\">{}</div></main>"
      "<footer><a href=\"/\">{}</a></footer></div></body></html>\n",
      words.french ? "fr" : "en", words.question, escaped_markup(question), words.ask, inner, words.with_script);
}

}  // namespace renvoi::app
