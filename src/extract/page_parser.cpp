#include "extract/page_parser.h"

#include <lexbor/html/tokenizer/state.h>

namespace renvoi::extract {
namespace {

constexpr std::size_t kTokens = 4;             // one is open at a time, and there is one for the end
constexpr std::size_t kAttributes = 64;        // of one token; with more the pool grows
constexpr std::size_t kNameBytes = 4 * 1'024;  // of a tag or of one attribute's value; it grows too
constexpr std::size_t kStringBytes = 1'024;    // of which none are taken while there is a document
constexpr std::size_t kGivenBack = 16;         // pieces of different sizes; it grows too
constexpr std::size_t kMistakes = 16;          // as lexbor has it

// Of a pool that nothing was given back to yet, the list of what was, 28 KiB as it is made.
bool shrink_cache(lexbor_mraw_t* pool) {
  if (pool->cache->tree_length != 0) return true;
  lexbor_bst_destroy(pool->cache, false);
  return lexbor_bst_init(pool->cache, kGivenBack) == LXB_STATUS_OK;
}

// As lxb_html_tokenizer_init of lexbor 3.1.0 does; what is not set here is zero there too.
bool set_up(lxb_html_tokenizer_t* tokenizer) {
  tokenizer->ref_count = 1;
  tokenizer->state = lxb_html_tokenizer_state_data_before;
  tokenizer->mraw = lexbor_mraw_create();
  tokenizer->dobj_token = lexbor_dobject_create();
  tokenizer->dobj_token_attr = lexbor_dobject_create();
  tokenizer->parse_errors = lexbor_array_obj_create();
  tokenizer->start = static_cast<lxb_char_t*>(lexbor_malloc(kNameBytes));
  if (tokenizer->start == nullptr) return false;
  tokenizer->pos = tokenizer->start;
  tokenizer->end = tokenizer->start + kNameBytes;
  lxb_html_tokenizer_keep_duplicate_set(tokenizer, true);
  return lexbor_mraw_init(tokenizer->mraw, kStringBytes) == LXB_STATUS_OK && shrink_cache(tokenizer->mraw) &&
         lexbor_dobject_init(tokenizer->dobj_token, kTokens, sizeof(lxb_html_token_t)) == LXB_STATUS_OK &&
         lexbor_dobject_init(tokenizer->dobj_token_attr, kAttributes, sizeof(lxb_html_token_attr_t)) == LXB_STATUS_OK &&
         lexbor_array_obj_init(tokenizer->parse_errors, kMistakes, sizeof(lxb_html_tokenizer_error_t)) == LXB_STATUS_OK;
}

}  // namespace

PageParser make_page_parser() {
  PageParser parser(lxb_html_parser_create());
  if (!parser) return nullptr;
  parser->tkz = lxb_html_tokenizer_create();
  parser->tree = lxb_html_tree_create();
  parser->state = LXB_HTML_PARSER_STATE_BEGIN;
  parser->ref_count = 1;
  const bool ready = parser->tkz != nullptr && parser->tree != nullptr && set_up(parser->tkz) &&
                     lxb_html_tree_init(parser->tree, parser->tkz) == LXB_STATUS_OK;
  return ready ? std::move(parser) : nullptr;
}

lxb_html_document_t* begin_page(lxb_html_parser_t* parser) {
  lxb_html_document_t* const document = lxb_html_parse_chunk_begin(parser);
  if (document == nullptr) return nullptr;
  const lxb_dom_document_t& dom = document->dom_document;
  bool shrunk = true;
  for (lexbor_mraw_t* pool : {dom.mraw, dom.text, dom.tags->mraw, dom.ns->mraw, dom.prefix->mraw, dom.attrs->mraw})
    shrunk = shrink_cache(pool) && shrunk;
  return shrunk ? document : lxb_html_document_destroy(document);
}

void forget_attributes(lxb_html_tokenizer_t* tokenizer) {
  if (lexbor_dobject_allocated(tokenizer->dobj_token_attr) != 0) lexbor_dobject_clean(tokenizer->dobj_token_attr);
}

}  // namespace renvoi::extract
