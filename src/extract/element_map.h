// From ranges of a document's text back to the elements of its page: what a citation, or an annotation, can point at.
//
// The elements are those that text was taken from and what they lie in, each once: 16 bytes, and its name and id once.
// Positions are those of the tree that the HTML standard makes of the page, as a browser has it without scripts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/range.h"

namespace renvoi::extract {

inline constexpr std::uint32_t kNoElement = UINT32_MAX;

class ElementMap {
 public:
  // An element; those it lies in stand before it. Tags and ids are numbers of names; the first name is "".
  struct Element {
    std::uint32_t parent = kNoElement;
    std::uint32_t position = 0;  // among its parent's children of the same tag, from 1; 0 when there is no other
    std::uint32_t tag = 0, id = 0;
  };
  // A range of the text and the innermost block element (or cell of a table) that holds all of it.
  struct Place {
    text::Range range;
    std::uint32_t element = kNoElement;
  };

  ElementMap() = default;
  ElementMap(std::vector<Element> elements, std::vector<std::string> names, std::vector<Place> places)
      : elements_(std::move(elements)), names_(std::move(names)), places_(std::move(places)) {}

  // In the order of the text, not overlapping: one for each block, and for a row of a table one for each cell that says
  // something. Empty for what was no page of HTML.
  const std::vector<Place>& places() const { return places_; }

  // The place that holds this byte of the text, or the first one after it; null when there is none. O(log places).
  const Place* place_at(std::uint32_t offset) const;

  // "p", "td"; its own id, or that of the nearest element around it that has one, "" when none has. `element` is of a
  // place. O(depth).
  std::string_view tag(std::uint32_t element) const;
  std::string_view nearest_id(std::uint32_t element) const;

  // The way to it, an XPath: "/html/body/main/p[3]"; an element that is the only one of its name has no number. Of one
  // of more than 1,000 bytes, the last steps after "//".
  std::string path(std::uint32_t element) const;

  // Another text with the same elements: `moved` gives each place its new range, an empty one takes it out.
  template <typename Moved>
  void move_places(const Moved& moved) {
    std::vector<Place> left;
    for (const Place& place : places_)
      if (const text::Range range = moved(place.range); range.size() != 0) left.push_back({range, place.element});
    places_ = std::move(left);
  }

 private:
  std::vector<Element> elements_;
  std::vector<std::string> names_;
  std::vector<Place> places_;
};

}  // namespace renvoi::extract
