#include "extract/furniture_words.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

#include "text/normalize.h"

namespace renvoi::extract {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kMaxLineBytes = 120;

// Folded: without accents, in lower case. Each as the beginning of a line of few more words.
constexpr std::array kOtherPages{"related"sv,
                                 "read more"sv,
                                 "read next"sv,
                                 "read also"sv,
                                 "also read"sv,
                                 "more from"sv,
                                 "more stories"sv,
                                 "more news"sv,
                                 "more articles"sv,
                                 "more posts"sv,
                                 "more like this"sv,
                                 "you may also"sv,
                                 "you might also"sv,
                                 "you may be interested"sv,
                                 "recommended"sv,
                                 "most popular"sv,
                                 "most read"sv,
                                 "popular posts"sv,
                                 "popular articles"sv,
                                 "trending"sv,
                                 "recent posts"sv,
                                 "latest posts"sv,
                                 "latest news"sv,
                                 "latest articles"sv,
                                 "up next"sv,
                                 "what to read next"sv,
                                 "sponsored"sv,
                                 "promoted"sv,
                                 "similar articles"sv,
                                 "similar products"sv,
                                 "customers also"sv,
                                 "people also"sv,
                                 "continue reading"sv,
                                 "from around the web"sv,
                                 "around the web"sv,
                                 "a lire aussi"sv,
                                 "lire aussi"sv,
                                 "a lire egalement"sv,
                                 "lire egalement"sv,
                                 "sur le meme sujet"sv,
                                 "sur le meme theme"sv,
                                 "dans la meme rubrique"sv,
                                 "articles similaires"sv,
                                 "articles lies"sv,
                                 "articles recommandes"sv,
                                 "articles connexes"sv,
                                 "ces articles pourraient"sv,
                                 "vous aimerez aussi"sv,
                                 "vous aimerez peut-etre"sv,
                                 "vous pourriez aussi aimer"sv,
                                 "vous pourriez egalement"sv,
                                 "cela pourrait vous interesser"sv,
                                 "les plus lus"sv,
                                 "produits similaires"sv,
                                 "produits associes"sv,
                                 "a decouvrir aussi"sv,
                                 "derniers articles"sv,
                                 "nos derniers articles"sv,
                                 "dernieres actualites"sv,
                                 "plus d'articles"sv,
                                 "tambien te puede"sv,
                                 "te puede interesar"sv,
                                 "noticias relacionadas"sv,
                                 "articulos relacionados"sv,
                                 "lee tambien"sv,
                                 "voce pode gostar"sv,
                                 "leia tambem"sv,
                                 "leia mais"sv,
                                 "veja tambem"sv,
                                 "artigos relacionados"sv,
                                 "das konnte sie auch"sv,
                                 "mehr zum thema"sv,
                                 "ahnliche artikel"sv,
                                 "weitere artikel"sv,
                                 "lesen sie auch"sv,
                                 "leggi anche"sv,
                                 "potrebbe interessarti"sv,
                                 "articoli correlati"sv};
constexpr std::array kReactions{"comments"sv,
                                "leave a comment"sv,
                                "leave a reply"sv,
                                "post a comment"sv,
                                "add a comment"sv,
                                "join the conversation"sv,
                                "join the discussion"sv,
                                "commentaires"sv,
                                "laisser un commentaire"sv,
                                "laissez un commentaire"sv,
                                "ajouter un commentaire"sv,
                                "poster un commentaire"sv,
                                "reagir"sv,
                                "comentarios"sv,
                                "deja una respuesta"sv,
                                "kommentare"sv,
                                "kommentar schreiben"sv,
                                "commenti"sv};
constexpr std::array kTools{"share this"sv,
                            "share on"sv,
                            "share via"sv,
                            "share with"sv,
                            "print this"sv,
                            "click here to print"sv,
                            "email this"sv,
                            "tags:"sv,
                            "tagged:"sv,
                            "filed under:"sv,
                            "posted in:"sv,
                            "follow us on"sv,
                            "sign up for our"sv,
                            "subscribe to our"sv,
                            "like this story? share"sv,
                            "advertisement"sv,
                            "partager sur"sv,
                            "partager cet article"sv,
                            "partagez cet article"sv,
                            "imprimer cette page"sv,
                            "imprimer cet article"sv,
                            "suivez-nous sur"sv,
                            "abonnez-vous a notre"sv,
                            "inscrivez-vous a notre"sv,
                            "mots-cles :"sv,
                            "etiquettes :"sv,
                            "publicite"sv};

constexpr std::array kMore{
    "continue reading"sv, "details"sv,       "en savoir plus"sv,      "learn more"sv,        "lire la suite"sv,
    "lire plus"sv,        "more"sv,          "more details"sv,        "more info"sv,         "plus d'infos"sv,
    "read full story"sv,  "read more"sv,     "read the full story"sv, "see more"sv,          "show more"sv,
    "view details"sv,     "view more"sv,     "voir le detail"sv,      "voir plus"sv,         "leer mas"sv,
    "leia mais"sv,        "mehr erfahren"sv, "weiterlesen"sv,         "continua a leggere"sv};

// After a number, what readers did with a post.
constexpr std::array kCounted{"like"sv,     "likes"sv,    "j'aime"sv,    "upvote"sv,   "upvotes"sv,  "reply"sv,
                              "replies"sv,  "reponse"sv,  "reponses"sv,  "share"sv,    "shares"sv,   "partage"sv,
                              "partages"sv, "reaction"sv, "reactions"sv, "me gusta"sv, "mi piace"sv, "gefallt mir"sv};

template <std::size_t N>
bool begins_with_any(std::string_view line, const std::array<std::string_view, N>& phrases, std::size_t more_bytes) {
  if (line.empty() || line.size() > kMaxLineBytes) return false;
  const std::string folded = text::fold(line);
  return std::any_of(phrases.begin(), phrases.end(), [&](std::string_view phrase) {
    if (!folded.starts_with(phrase) || folded.size() > phrase.size() + more_bytes) return false;
    // Of whole words: "related" is not in "relatedness".
    return folded.size() == phrase.size() || std::isalnum(static_cast<unsigned char>(folded[phrase.size()])) == 0 ||
           std::isalnum(static_cast<unsigned char>(phrase.back())) == 0;
  });
}

}  // namespace

bool announces_other_pages(std::string_view line) { return begins_with_any(line, kOtherPages, 30); }

bool announces_reactions(std::string_view line) {
  // "12 comments", "(3) Commentaires"
  while (!line.empty() && std::isalpha(static_cast<unsigned char>(line.front())) == 0 &&
         static_cast<unsigned char>(line.front()) < 0x80)
    line.remove_prefix(1);
  return begins_with_any(line, kReactions, 12);
}

bool is_more_link(std::string_view words) {
  // With the marks that such links end in: "Read more »", "Lire la suite…", "More -->"
  std::string folded = text::fold(words.substr(0, kMaxLineBytes));
  while (!folded.empty() && (static_cast<unsigned char>(folded.back()) >= 0x80 ||
                             std::isalnum(static_cast<unsigned char>(folded.back())) == 0))
    folded.pop_back();
  return std::find(kMore.begin(), kMore.end(), std::string_view(folded)) != kMore.end();
}

bool is_page_tool(std::string_view line) { return begins_with_any(line, kTools, 60); }

bool counts_reactions(std::string_view line) {
  const std::size_t words = line.find_first_not_of("0123456789");
  if (words == 0 || words > 6 || words == std::string_view::npos || line.size() > 30) return false;
  line.remove_prefix(words);
  const std::size_t begin = line.find_first_not_of(' ');
  if (begin == std::string_view::npos) return false;
  const std::string folded = text::fold(line.substr(begin));
  return std::find(kCounted.begin(), kCounted.end(), std::string_view(folded)) != kCounted.end();
}

}  // namespace renvoi::extract
