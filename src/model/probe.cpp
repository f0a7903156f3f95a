#include "model/probe.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "base/utf8.h"

namespace renvoi::model {

namespace {

// An invented fact beside another of the same kind: whoever answers from memory, or repeats everything, is found out.
struct Case {
  const char* passage;
  const char* question;
  const char* expected;  // "" when the passage does not hold the answer
  const char* rejected;  // must not be said
};

constexpr std::array<Case, 8> french_cases = {{
    {"Le phare de Kervadec fut allumé en 1874. Celui de Trémeur date de 1891.",
     "En quelle année le phare de Kervadec fut-il allumé ?", "1874", "1891"},
    {"La bibliothèque d'Orvaloux ouvre à 10 heures. La piscine ouvre à 8 heures.",
     "À quelle heure ouvre la bibliothèque d'Orvaloux ?", "10", "8 h"},
    {"La directrice du théâtre Merlin est Aline Corvisart. Le régisseur est Paul Desmoulin.",
     "Qui dirige le théâtre Merlin ?", "Corvisart", "Desmoulin"},
    {"Le formulaire B-37 se dépose à la mairie. Le formulaire C-12 se dépose à la préfecture.",
     "Quel formulaire dépose-t-on à la préfecture ?", "C-12", "B-37"},
    {"Le vin de Saint-Épinac se garde douze ans. Le cidre du même domaine se boit dans l'année.",
     "Combien d'années se garde le vin de Saint-Épinac ?", "douze|12", "dans l'année"},
    {"Le pont de Vaubrume mesure 340 mètres de long et 14 mètres de large.",
     "Quelle est la longueur du pont de Vaubrume ?", "340", ""},
    {"Le musée de Lissandre expose des horloges anciennes. L'entrée est gratuite le dimanche.",
     "Combien de salariés compte le musée de Lissandre ?", "", ""},
    {"La ligne 7 du tramway relie Bréval à Montclar en vingt minutes.", "Qui a construit la ligne 7 du tramway ?", "",
     ""},
}};

constexpr std::array<Case, 8> english_cases = {{
    {"The Kestrel Point lighthouse was lit in 1874. The one at Tremore dates from 1891.",
     "In which year was the Kestrel Point lighthouse lit?", "1874", "1891"},
    {"The Orvale library opens at 10 a.m. The swimming pool opens at 8 a.m.", "When does the Orvale library open?",
     "10", "8 a"},
    {"The director of the Merlin Theatre is Alina Corwell. The stage manager is Paul Dessin.",
     "Who is the director of the Merlin Theatre?", "Corwell", "Dessin"},
    {"Form B-37 is handed in at the town hall. Form C-12 is handed in at the county office.",
     "Which form is handed in at the county office?", "C-12", "B-37"},
    {"The wine of Saint Epinac keeps for twelve years. The cider of the same estate keeps for one year.",
     "For how many years does the wine of Saint Epinac keep?", "twelve|12", "one year"},
    {"The Vaughmoor bridge is 340 metres long and 14 metres wide.", "How long is the Vaughmoor bridge?", "340", ""},
    {"The Lissander museum shows old clocks. Admission is free on Sundays.",
     "How many people work at the Lissander museum?", "", ""},
    {"Tram line 7 connects Breval and Montclair in twenty minutes.", "Who built tram line 7?", "", ""},
}};

constexpr const char* french_rule =
    "Réponds en une courte phrase, en français, d'après le passage seulement. Si le passage ne contient pas la "
    "réponse, "
    "réponds exactement : Je ne sais pas.";
constexpr const char* english_rule =
    "Answer in one short sentence, in English, from the passage only. If the passage does not contain the answer, "
    "reply "
    "exactly: I do not know.";

// ASCII letters in lower case; typographic apostrophes made plain. Enough to find the words below.
std::string folded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i).starts_with("\xE2\x80\x99")) {
      out += '\'';
      i += 2;
    } else {
      out += text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] + 32) : text[i];
    }
  }
  return out;
}

bool contains_one_of(const std::string& text, std::string_view alternatives) {
  while (!alternatives.empty()) {
    const auto bar = alternatives.find('|');
    if (text.find(folded(alternatives.substr(0, bar))) != std::string::npos) return true;
    if (bar == std::string_view::npos) break;
    alternatives.remove_prefix(bar + 1);
  }
  return false;
}

bool abstains(const std::string& folded_answer) {
  return contains_one_of(
      folded_answer,
      "i do not know|i don't know|does not say|does not contain|not mentioned|not stated|no information|"
      "je ne sais pas|ne dit pas|ne contient pas|ne précise pas|n'est pas mentionné|n'indique pas");
}

// How many of the words of a text are among the commonest of a language. Short answers may have none.
int common_words(const std::string& folded_answer, std::string_view words) {
  std::string spaced = " ";
  for (const char c : folded_answer) spaced += c == '.' || c == ',' || c == '?' || c == '\n' || c == '\'' ? ' ' : c;
  spaced += ' ';
  int count = 0;
  for (std::size_t at = 0; at < words.size();) {
    const std::size_t end = words.find('|', at);
    const std::string word = " " + std::string(words.substr(at, end - at)) + " ";
    for (auto found = spaced.find(word); found != std::string::npos; found = spaced.find(word, found + 1)) ++count;
    at = end == std::string_view::npos ? words.size() : end + 1;
  }
  return count;
}

bool is_in_language(const std::string& folded_answer, bool french) {
  const int of_french = common_words(folded_answer, "le|la|les|de|du|des|est|et|un|une|en|se|à|au|fut|pas|ne|je|l|d");
  const int of_english = common_words(folded_answer, "the|of|is|and|an|in|was|at|it|for|to|not|does|i|has|from");
  return french ? of_french >= of_english : of_english >= of_french;
}

bool passes(const Case& one, const std::string& answer, bool french) {
  const std::string said = folded(answer);
  if (said.empty() || !is_in_language(said, french)) return false;
  if (*one.expected == '\0') return abstains(said);
  return !abstains(said) && contains_one_of(said, one.expected) &&
         (*one.rejected == '\0' || said.find(folded(one.rejected)) == std::string::npos);
}

Result<ProbeReport> probe_language(Generator& generator, std::span<const Case> cases, bool french) {
  ProbeReport report{french ? "fr" : "en", {}, 0};
  GenerateOptions options;
  options.max_tokens = 48;
  options.deadline_ms = 120'000;
  for (const auto& one : cases) {
    const std::string user = std::string(french ? "Passage : " : "Passage: ") + one.passage + "\n\nQuestion" +
                             (french ? " : " : ": ") + one.question;
    const std::array<Message, 2> messages = {Message{"system", french ? french_rule : english_rule},
                                             Message{"user", user}};
    RENVOI_TRY(auto generation, generator.generate(messages, options));
    const bool passed = passes(one, generation.text, french);
    report.cases.push_back(
        {one.question, std::move(generation.text), *one.expected == '\0' ? "abstain" : one.expected, passed});
    report.passed += passed ? 1 : 0;
  }
  return report;
}

// At least three quarters of the cases, in each language.
ProbeResult conclude(std::vector<ProbeReport> reports, const char* good, const char* bad) {
  ProbeResult result{std::move(reports), true, ""};
  for (const auto& report : result.reports) {
    if (report.passed * 4 < report.cases.size() * 3) result.may_generate = false;
    result.summary += (result.summary.empty() ? "" : ", ") + report.language + " " + std::to_string(report.passed) +
                      "/" + std::to_string(report.cases.size());
  }
  result.summary += std::string(": ") + (result.may_generate ? good : bad);
  return result;
}

constexpr std::array<std::array<const char*, 2>, 8> translations = {{
    {"Le chat dort sur le canapé.", "The cat is sleeping on the sofa."},
    {"La réunion est reportée à jeudi.", "The meeting has been moved to Thursday."},
    {"Comment changer le mot de passe de son compte ?", "How does one change the password of an account?"},
    {"Les données personnelles doivent être effacées sur demande.", "Personal data must be erased on request."},
    {"Le fleuve a débordé après de fortes pluies.", "The river burst its banks after heavy rain."},
    {"Ajoutez deux œufs et mélangez la pâte.", "Add two eggs and stir the batter."},
    {"L'aile produit une portance quand l'air circule.", "The wing produces lift when air flows over it."},
    {"Le tribunal a annulé la décision du maire.", "The court overturned the mayor's decision."},
}};

}  // namespace

Result<ProbeResult> probe_generator(Generator& generator) {
  std::vector<ProbeReport> reports;
  for (const bool french : {true, false}) {
    RENVOI_TRY(auto report, probe_language(generator, french ? french_cases : english_cases, french));
    reports.push_back(std::move(report));
  }
  return conclude(std::move(reports), "it may generate answers", "extractive answers stay the default");
}

Result<ProbeResult> probe_embedder(Embedder& embedder) {
  std::array<Embeddings, 2> rows;
  for (std::size_t language = 0; language < 2; ++language) {
    std::vector<std::string_view> texts;
    for (const auto& pair : translations) texts.emplace_back(pair[language]);
    RENVOI_TRY(rows[language], embedder.embed(texts, EmbedRole::passage));
  }
  std::vector<ProbeReport> reports;
  for (std::size_t from = 0; from < 2; ++from) {
    ProbeReport report{from == 0 ? "fr" : "en", {}, 0};
    for (std::size_t i = 0; i < translations.size(); ++i) {
      std::size_t nearest = 0;
      float best = -2;
      for (std::size_t j = 0; j < translations.size(); ++j) {
        const auto a = rows[from].row(i);
        const auto b = rows[1 - from].row(j);
        const float similarity = std::inner_product(a.begin(), a.end(), b.begin(), 0.0F);
        if (similarity > best) {
          best = similarity;
          nearest = j;
        }
      }
      report.cases.push_back(
          {translations[i][from], translations[nearest][1 - from], translations[i][1 - from], nearest == i});
      report.passed += nearest == i ? 1 : 0;
    }
    reports.push_back(std::move(report));
  }
  return conclude(std::move(reports), "it embeds both languages",
                  "it is weak in one of the languages: search will miss");
}

}  // namespace renvoi::model
