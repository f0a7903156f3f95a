// lexbor's parser with small pools. For the room's own use.
//
// lxb_html_parser_init takes 720 KiB for tokens and attributes before it has read a byte: more than 20 times a page of
// 36 KB, and a document 200 KiB for lists of memory that was given back. Its steps are public, but not its sizes: here
// they are taken one by one, with pools for one token at a time and lists that begin small.
#pragma once

#include <lexbor/html/html.h>

#include <memory>

namespace renvoi::extract {

struct DestroyParser {
  void operator()(lxb_html_parser_t* parser) const { lxb_html_parser_destroy(parser); }
};
using PageParser = std::unique_ptr<lxb_html_parser_t, DestroyParser>;

// Ready for begin_page. Null when there is no memory.
PageParser make_page_parser();

// Begins a page: the document that lxb_html_parse_chunk_begin makes, with small caches of what was given back. Null
// when there is no memory; destroy it with lxb_html_document_destroy.
lxb_html_document_t* begin_page(lxb_html_parser_t* parser);

// Forgets the attributes of a token that the tree is done with: lexbor keeps those of every token to the end of the
// page (80 bytes each). To be called where a token is given back to the tokenizer, and nowhere else.
void forget_attributes(lxb_html_tokenizer_t* tokenizer);

}  // namespace renvoi::extract
