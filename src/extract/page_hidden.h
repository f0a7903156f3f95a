// Text that a page holds and no reader sees. For the room's own use.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "extract/page_tree.h"

namespace renvoi::extract {

// What an element says about being seen.
enum class Visibility : std::uint8_t {
  shown,
  hidden,  // the usual ways of pages that show it later: hidden, aria-hidden, display:none, visibility:hidden
  masked,  // ways that are there to be read by programs and not by people: off the screen, without size, without
           // opacity, in the colour of its own background
};

// Tells it by attributes, by the element's own style, and by those rules of the page's <style> elements that name one
// class or id alone (".x, #y { display: none }") outside of @media and the like; the last one of a name counts. Other
// style sheets are not read. What a rule hides right after a heading, a button or a term is a panel that opens, and
// shown; so is what the element itself says it hides after a heading with such a switch. What a rule puts off the
// screen is hidden, not masked: pages do so with words for screen readers.
class HiddenElements {
 public:
  explicit HiddenElements(const PageTree& page);
  Visibility operator()(std::uint32_t node) const;

 private:
  void read_rules(std::string_view sheet);
  Visibility by_rules(std::uint32_t node) const;
  std::uint32_t before(std::uint32_t node) const;
  bool is_switch(std::uint32_t node) const;
  bool opens(std::uint32_t node) const;
  bool answers(std::uint32_t node) const;

  const PageTree& page_;
  std::map<std::string, Visibility, std::less<>> names_;  // ".x", "#y"
};

}  // namespace renvoi::extract
