#include "crawl/observation.h"

namespace renvoi::crawl {

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::fetched:
      return "fetched";
    case Outcome::not_modified:
      return "not_modified";
    case Outcome::missing:
      return "missing";
    case Outcome::blocked:
      return "blocked";
    case Outcome::unreachable:
      return "unreachable";
    case Outcome::refused:
      return "refused";
  }
  return "refused";
}

}  // namespace renvoi::crawl
