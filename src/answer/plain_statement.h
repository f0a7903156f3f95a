// What a model wrote, made plain: words and punctuation, and nothing that a page would show as a link, an image, markup
// or a citation. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace renvoi::answer {

// One line: without what nobody sees, tags, entities, citation marks of any style ([1], 【1†a】, [^1], ［１］, ¹), web
// addresses, code fences and the marks of lists and headings at its start; fullwidth forms as ASCII.
std::string plain_statement(std::string_view written);

// `written` byte for byte, but with a letter for whatever could end a sentence inside of an address, a link's target, a
// tag or the "!" of an image: sentences are cut by it. What is open at the end counts as inside.
std::string masked_markup(std::string_view written);

// `statement` without the characters that are neither letters, digits, spaces nor plain punctuation, but those that
// stand in `evidence`.
std::string with_signs_of(std::string_view statement, std::string_view evidence);

// A quote from a document as it is shown in an answer, which may be rendered as Markdown or HTML: images, links, tags
// and template tokens are text, addresses stand in a code span, so that nothing is fetched and nothing but a citation
// can be followed. What nobody sees is left out.
std::string disarmed(std::string_view quote);

}  // namespace renvoi::answer
