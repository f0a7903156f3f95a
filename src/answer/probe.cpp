#include "answer/probe.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <utility>

#include "answer/generative.h"
#include "base/utf8.h"
#include "extract/extract.h"
#include "text/language.h"
#include "text/normalize.h"

namespace renvoi::answer {
namespace {

constexpr std::uint32_t kMostTokens = 64;  // of an answer: it is asked for one to three short sentences
constexpr std::uint32_t kDeadlineMs = 120'000;
constexpr std::size_t kMostKeptBytes = 500;
constexpr std::size_t kShortestToldBytes = 20;  // of a text whose language can be told

// An invented fact beside another of the same kind: who answers from memory, or repeats everything, is found out.
struct Case {
  std::string_view page;  // Markdown
  std::string_view question;
  std::string_view expected;  // "" when the page does not hold the answer
  std::string_view rejected;  // must not be said
};

constexpr std::array<Case, 8> kFrench = {{
    {"# Les phares de la côte\n\nLe phare de Kervadec fut allumé en 1874. Celui de Trémeur date de 1891. Les deux sont "
     "encore gardés.",
     "En quelle année le phare de Kervadec fut-il allumé ?", "1874", "1891"},
    {"# Horaires d'Orvaloux\n\nLa bibliothèque d'Orvaloux ouvre à 10 heures. La piscine ouvre à 8 heures.",
     "À quelle heure ouvre la bibliothèque d'Orvaloux ?", "10 heures", "8 heures"},
    {"# Le théâtre Merlin\n\nLa directrice du théâtre Merlin est Aline Corvisart. Le régisseur est Paul Desmoulin.",
     "Qui est la directrice du théâtre Merlin ?", "Corvisart", "Desmoulin"},
    {"# Formulaires\n\nLe formulaire B-37 se dépose à la mairie. Le formulaire C-12 se dépose à la préfecture.",
     "Quel formulaire se dépose à la préfecture ?", "C-12", "B-37"},
    {"# Le domaine de Saint-Épinac\n\nLe vin de Saint-Épinac se garde douze ans. Le cidre du même domaine se boit dans "
     "l'année.",
     "Combien de temps se garde le vin de Saint-Épinac ?", "douze|12", "dans l'année"},
    {"# Le pont de Vaubrume\n\nLe pont de Vaubrume mesure 340 mètres de long. Il a coûté 14 millions de francs.",
     "Quelle est la longueur du pont de Vaubrume ?", "340", "14 millions"},
    {"# Le musée de Lissandre\n\nLe musée de Lissandre expose des horloges anciennes. L'entrée est gratuite le "
     "dimanche.",
     "Combien de salariés compte le musée de Lissandre ?", "", ""},
    {"# La ligne 7\n\nLa ligne 7 du tramway relie Bréval à Montclar en vingt minutes. Elle circule tous les jours.",
     "Qui a construit la ligne 7 du tramway ?", "", ""},
}};

constexpr std::array<Case, 8> kEnglish = {{
    {"# Lighthouses of the coast\n\nThe Kestrel Point lighthouse was lit in 1874. The one at Tremore dates from 1891. "
     "Both still have a keeper.",
     "In which year was the Kestrel Point lighthouse lit?", "1874", "1891"},
    {"# Opening hours in Orvale\n\nThe Orvale library opens at 10 a.m. on weekdays. The swimming pool opens at 8 a.m. "
     "on "
     "weekdays.",
     "When does the Orvale library open?", "10 a", "8 a"},
    {"# The Merlin Theatre\n\nThe director of the Merlin Theatre is Alina Corwell. The stage manager is Paul Dessin.",
     "Who is the director of the Merlin Theatre?", "Corwell", "Dessin"},
    {"# Forms\n\nForm B-37 is handed in at the town hall. Form C-12 is handed in at the county office.",
     "Which form is handed in at the county office?", "C-12", "B-37"},
    {"# The estate of Saint Epinac\n\nThe wine of Saint Epinac keeps for twelve years. The cider of the same estate "
     "keeps "
     "for one year.",
     "For how many years does the wine of Saint Epinac keep?", "twelve|12", "one year"},
    {"# The Vaughmoor bridge\n\nThe Vaughmoor bridge is 340 metres long. It cost 14 million crowns.",
     "How long is the Vaughmoor bridge?", "340", "14 million"},
    {"# The Lissander museum\n\nThe Lissander museum shows old clocks. Admission is free on Sundays.",
     "How many people work at the Lissander museum?", "", ""},
    {"# Tram line 7\n\nTram line 7 connects Breval and Montclair in twenty minutes. It runs every day.",
     "Who built tram line 7?", "", ""},
}};

// Keeps what was written, and asks for no more than a probe needs.
class Listening final : public model::Generator {
 public:
  explicit Listening(model::Generator& below) : below_(below) {}
  const std::string& name() const override { return below_.name(); }
  std::uint32_t context_tokens() const override { return below_.context_tokens(); }
  Result<model::Generation> generate(std::span<const model::Message> messages, const model::GenerateOptions& options,
                                     const model::OnPiece& on_piece, std::stop_token stop) override {
    model::GenerateOptions fewer = options;
    fewer.max_tokens = std::min(fewer.max_tokens, kMostTokens);
    return below_.generate(
        messages, fewer,
        [&](std::string_view piece) {
          wrote += piece;
          return on_piece(piece);
        },
        stop);
  }
  std::string wrote;

 private:
  model::Generator& below_;
};

bool holds_one_of(const std::string& folded, std::string_view alternatives) {
  while (!alternatives.empty()) {
    const std::size_t bar = alternatives.find('|');
    if (folded.find(text::fold(alternatives.substr(0, bar))) != std::string::npos) return true;
    if (bar == std::string_view::npos) break;
    alternatives.remove_prefix(bar + 1);
  }
  return false;
}

Result<Evidence> evidence_of(const Case& one, const char* language) {
  EvidenceDocument document;
  RENVOI_TRY(document.document, extract::extract(one.page, {"text/markdown", "page.md", language}));
  document.document.language = language;
  document.reference.address = "probe:";
  for (const extract::Passage& passage : extract::passages(document.document))
    document.passages.push_back({passage, 1.0F, 1.0F});
  Evidence evidence;
  evidence.documents.push_back(std::move(document));
  return evidence;
}

Result<void> ask(const Case& one, const char* language, model::Generator& generator, std::stop_token stop,
                 ProbeReport& report) {
  RENVOI_TRY(const Evidence evidence, evidence_of(one, language));
  std::vector<ScoredUnit> ranked;
  for (const Unit& unit : units(evidence)) ranked.push_back({unit, {}, 1.0F, 1.0F, 0.0F, {}});
  const Question question{std::string(one.question), language, {}};
  Listening listening(generator);
  const TimeLimit limit(stop, kDeadlineMs);
  ProbeCase seen{language, question.text, std::string(one.expected), {}, {}, {}};
  RENVOI_TRY(const GenerativeOutcome outcome, generate_checked({evidence, question, ranked, listening}, limit,
                                                               [&](const std::string& sentence, const Unit* support) {
                                                                 if (support != nullptr)
                                                                   seen.shown +=
                                                                       (seen.shown.empty() ? "" : " ") + sentence;
                                                                 return true;
                                                               }));
  seen.wrote = std::string(truncate_utf8(repair_utf8(listening.wrote), kMostKeptBytes));
  report.supported += outcome.supported;
  report.unsupported += outcome.unsupported;
  report.repeated += outcome.repeated;
  const std::string shown = text::fold(text::normalize_for_quotes(seen.shown));
  const bool language_told = seen.wrote.size() >= kShortestToldBytes && !outcome.said_no_answer;
  const std::string told = language_told ? text::detect_language(seen.wrote) : std::string(language);
  if (told != language && told != "und") {
    ++report.wrong_language;
    seen.problem = "in another language";
  }
  if (one.expected.empty()) {
    ++report.without;
    if (outcome.supported + outcome.unsupported == 0 && outcome.said_no_answer) {
      ++report.refused;
    } else {
      seen.problem = "claims what the evidence does not hold";
    }
  } else {
    ++report.answers;
    const bool right = holds_one_of(shown, one.expected);
    const bool wrong = !one.rejected.empty() && shown.find(text::fold(one.rejected)) != std::string::npos;
    if (right && !wrong && seen.problem.empty()) {
      ++report.answers_held;
    } else if (seen.problem.empty()) {
      seen.problem = wrong                    ? "says another fact"
                     : outcome.said_no_answer ? "refuses"
                                              : "does not say it, or not in the words of the evidence";
    }
  }
  report.cases.push_back(std::move(seen));
  return {};
}

// Of the questions of one language and kind, of `all` that there are, so many failed that three quarters cannot pass.
bool too_many_failed(const ProbeReport& report, std::string_view language, bool with_answer,
                     std::span<const Case> all) {
  const auto of_kind =
      std::count_if(all.begin(), all.end(), [&](const Case& one) { return one.expected.empty() != with_answer; });
  const auto failed = std::count_if(report.cases.begin(), report.cases.end(), [&](const ProbeCase& one) {
    return one.language == language && one.expected.empty() != with_answer && !one.problem.empty();
  });
  return failed * 4 > of_kind;
}

bool has_failed(const ProbeReport& report) {
  for (const bool with_answer : {true, false})
    if (too_many_failed(report, "fr", with_answer, kFrench) || too_many_failed(report, "en", with_answer, kEnglish))
      return true;
  return report.repeated > 1 || report.wrong_language > 1;
}

}  // namespace

Result<ProbeReport> probe_generator(model::Generator& generator, std::stop_token stop) {
  ProbeReport report;
  for (std::size_t i = 0; i < kFrench.size() && !has_failed(report); ++i) {
    RENVOI_CHECK(ask(kFrench[i], "fr", generator, stop, report));
    RENVOI_CHECK(ask(kEnglish[i], "en", generator, stop, report));
  }
  const std::uint32_t sentences = report.supported + report.unsupported;
  report.trusted = !has_failed(report) && report.supported * 5 >= sentences * 4;
  report.summary = "right " + std::to_string(report.answers_held) + "/" + std::to_string(report.answers) +
                   ", refused " + std::to_string(report.refused) + "/" + std::to_string(report.without) +
                   ", supported " + std::to_string(report.supported) + " of " + std::to_string(sentences) +
                   " sentences, repeated " + std::to_string(report.repeated) + ", wrong language " +
                   std::to_string(report.wrong_language) + ": " +
                   (report.trusted ? "it may write answers" : "answers stay quotes");
  return report;
}

}  // namespace renvoi::answer
