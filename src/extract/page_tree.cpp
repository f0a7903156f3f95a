#include "extract/page_tree.h"

#include <lexbor/dom/interfaces/attr.h>
#include <lexbor/dom/interfaces/character_data.h>
#include <lexbor/dom/interfaces/document.h>
#include <lexbor/dom/interfaces/element.h>
#include <lexbor/html/html.h>
#include <lexbor/html/tree.h>

#include <algorithm>

#include "extract/page_parser.h"

namespace renvoi::extract {
namespace {

constexpr std::size_t kMaxOpenElements = 512;
constexpr std::size_t kMaxOpenElementsRawText = 1'024;
constexpr std::size_t kMaxActiveFormatting = 64;
constexpr std::size_t kMaxAttributes = 1'024;
constexpr std::size_t kChunkBytes = 16 * 1'024;
constexpr std::size_t kMaxNodeMemoryBytes = std::size_t{512} << 20;
constexpr std::uint32_t kMaxNodes = 3'000'000;
constexpr std::size_t kMaxMistakes = 1'000'000;  // that the standard calls parse errors: no page has so many
constexpr std::uint32_t kTokensBetweenClockReads = 4'096;

struct Guard {
  lxb_html_tree_t* tree = nullptr;
  Deadline deadline;
  std::uint32_t tokens = 0;
  bool stopped = false;   // a limit of the page: what was read stands
  bool too_late = false;  // the time is spent
};

// The tokenizer stops treating what follows as markup after these: dropped, their text would become tags.
bool holds_raw_text(lxb_tag_id_t tag) {
  switch (tag) {
    case LXB_TAG_SCRIPT:
    case LXB_TAG_STYLE:
    case LXB_TAG_TEXTAREA:
    case LXB_TAG_TITLE:
    case LXB_TAG_XMP:
    case LXB_TAG_IFRAME:
    case LXB_TAG_NOEMBED:
    case LXB_TAG_NOFRAMES:
    case LXB_TAG_PLAINTEXT:
      return true;
    default:
      return false;
  }
}

bool is_formatting(lxb_tag_id_t tag) {
  switch (tag) {
    case LXB_TAG_A:
    case LXB_TAG_B:
    case LXB_TAG_BIG:
    case LXB_TAG_CODE:
    case LXB_TAG_EM:
    case LXB_TAG_FONT:
    case LXB_TAG_I:
    case LXB_TAG_NOBR:
    case LXB_TAG_S:
    case LXB_TAG_SMALL:
    case LXB_TAG_STRIKE:
    case LXB_TAG_STRONG:
    case LXB_TAG_TT:
    case LXB_TAG_U:
      return true;
    default:
      return false;
  }
}

bool has_too_many_attributes(const lxb_html_token_t* token) {
  std::size_t count = 0;
  for (const lxb_html_token_attr_t* attribute = token->attr_first; attribute != nullptr; attribute = attribute->next)
    if (++count > kMaxAttributes) return true;
  return false;
}

bool must_drop(const Guard& guard, const lxb_html_token_t* token) {
  if (token->tag_id < LXB_TAG__BEGIN || (token->type & LXB_HTML_TOKEN_TYPE_CLOSE) != 0) return false;
  const std::size_t open = guard.tree->open_elements->length;
  if (open > kMaxOpenElements && (open > kMaxOpenElementsRawText || !holds_raw_text(token->tag_id))) return true;
  return is_formatting(token->tag_id) && guard.tree->active_formatting->length > kMaxActiveFormatting;
}

bool over_budget(Guard& guard) {
  const lexbor_mem_t* memory = guard.tree->document->dom_document.mraw->mem;
  if (memory->chunk_length * memory->chunk_min_size > kMaxNodeMemoryBytes) guard.stopped = true;
  if (++guard.tokens % kTokensBetweenClockReads == 0 && std::chrono::steady_clock::now() > guard.deadline)
    guard.too_late = true;
  return guard.stopped || guard.too_late;
}

lxb_html_token_t* on_token(lxb_html_tokenizer_t* tokenizer, lxb_html_token_t* token, void* context) {
  Guard& guard = *static_cast<Guard*>(context);
  if (has_too_many_attributes(token)) guard.stopped = true;
  if (over_budget(guard)) {
    tokenizer->status = LXB_STATUS_ABORTED;
    return nullptr;
  }
  if (!must_drop(guard, token)) {
    while (!lxb_html_tree_construction_dispatcher(guard.tree, token)) {
    }
  }
  forget_attributes(tokenizer);
  if (guard.tree->status != LXB_STATUS_OK) {
    tokenizer->status = guard.tree->status;
    return nullptr;
  }
  return token;
}

std::uint16_t tag_of(const lxb_dom_node_t* element) {
  if (element->ns != LXB_NS_HTML) return kForeignTag;
  // A name that lexbor does not know is given the address of its entry for a number.
  return element->local_name < LXB_TAG__LAST_ENTRY ? static_cast<std::uint16_t>(element->local_name) : kCustomTag;
}

// A heading that opens what follows has its words in a button: they are the heading's.
std::uint16_t tag_below(std::uint16_t parent, std::uint16_t tag) {
  const bool heading = (parent >= LXB_TAG_H1 && parent <= LXB_TAG_H6) || parent == LXB_TAG_DT;
  return heading && tag == LXB_TAG_BUTTON ? static_cast<std::uint16_t>(LXB_TAG_SPAN) : tag;
}

struct DestroyDocument {
  void operator()(lxb_html_document_t* document) const { lxb_html_document_destroy(document); }
};

std::string_view view(const lxb_char_t* data, std::size_t length) {
  return data == nullptr ? std::string_view() : std::string_view(reinterpret_cast<const char*>(data), length);
}

std::uint32_t attribute_bit(std::string_view name) {
  if (name.empty()) return 0;
  const auto first = static_cast<unsigned char>(name.front()), last = static_cast<unsigned char>(name.back());
  return 1U << ((first * 7U + last * 3U + name.size()) & 31U);
}

std::uint32_t attribute_bits(lxb_dom_node_t* node) {
  std::uint32_t bits = 0;
  for (lxb_dom_attr_t* attribute = lxb_dom_interface_element(node)->first_attr; attribute != nullptr;
       attribute = attribute->next) {
    std::size_t length = 0;
    const lxb_char_t* name = lxb_dom_attr_local_name(attribute, &length);
    bits |= attribute_bit(view(name, length));
  }
  return bits;
}

lxb_dom_attr_t* find_attribute(const PageNode& node, std::string_view name) {
  if ((node.attributes & attribute_bit(name)) == 0) return nullptr;
  auto* element = static_cast<lxb_dom_element_t*>(const_cast<void*>(node.element));
  for (lxb_dom_attr_t* attribute = element->first_attr; attribute != nullptr; attribute = attribute->next) {
    std::size_t length = 0;
    const lxb_char_t* own = lxb_dom_attr_local_name(attribute, &length);
    if (view(own, length) == name) return attribute;
  }
  return nullptr;
}

Error out_of_memory() { return {ErrorCode::exhausted, "not enough memory to parse this page"}; }

}  // namespace

struct PageTree::Document {
  std::unique_ptr<lxb_html_document_t, DestroyDocument> handle;
};

PageTree::PageTree() : document_(std::make_unique<Document>()) {}
PageTree::PageTree(PageTree&&) noexcept = default;
PageTree& PageTree::operator=(PageTree&&) noexcept = default;
PageTree::~PageTree() = default;

Result<PageTree> PageTree::parse(std::string_view html, Deadline deadline) {
  const PageParser parser = make_page_parser();
  if (!parser) return out_of_memory();
  PageTree page;
  page.document_->handle.reset(begin_page(parser.get()));
  if (!page.document_->handle) return out_of_memory();
  Guard guard{.tree = parser->tree, .deadline = deadline};
  lxb_html_tokenizer_callback_token_done_set(parser->tkz, on_token, &guard);
  bool going = true;
  std::size_t mistakes = 0;
  for (std::size_t at = 0; at < html.size() && going; at += kChunkBytes) {
    const std::string_view chunk = html.substr(at, kChunkBytes);
    const auto* bytes = reinterpret_cast<const lxb_char_t*>(chunk.data());
    going = lxb_html_parse_chunk_process(parser.get(), bytes, chunk.size()) == LXB_STATUS_OK;
    // Nobody asks for them, and a page may consist of them.
    mistakes += lexbor_array_obj_length(parser->tkz->parse_errors);
    lexbor_array_obj_clean(parser->tkz->parse_errors);
    lexbor_array_obj_clean(parser->tree->parse_errors);
    // A tag whose attributes never end has not been a token yet.
    if (going && parser->tkz->token != nullptr && has_too_many_attributes(parser->tkz->token)) {
      guard.stopped = true;
      going = false;
    }
    if (going && mistakes > kMaxMistakes) {
      guard.stopped = true;
      going = false;
    }
    if (going && std::chrono::steady_clock::now() > deadline) {
      guard.too_late = true;
      going = false;
    }
  }
  if (guard.too_late) return Error{ErrorCode::exhausted, "parsing this page took longer than its time limit"};
  if (going) going = lxb_html_parse_chunk_end(parser.get()) == LXB_STATUS_OK;
  if (!going && !guard.stopped) return out_of_memory();
  page.truncated_ = guard.stopped;
  page.nodes_.reserve(std::min(guard.tokens, kMaxNodes) + 8);
  page.flatten();
  return page;
}

void PageTree::flatten() {
  nodes_.push_back({});
  lxb_dom_node_t* const root = lxb_dom_interface_node(document_->handle.get());
  std::uint32_t parent = 0;
  lxb_dom_node_t* at = root->first_child;
  while (at != nullptr) {
    const auto index = static_cast<std::uint32_t>(nodes_.size());
    lxb_dom_node_t* down = nullptr;
    if (index >= kMaxNodes) {
      truncated_ = true;
      break;
    }
    if (at->type == LXB_DOM_NODE_TYPE_TEXT) {
      const lexbor_str_t& data = lxb_dom_interface_character_data(at)->data;
      nodes_.push_back(
          {.parent = parent, .end = index + 1, .depth = 0, .attributes = 0, .text = view(data.data, data.length)});
    } else if (at->type == LXB_DOM_NODE_TYPE_ELEMENT) {
      nodes_.push_back({.parent = parent,
                        .end = index + 1,
                        .tag = tag_below(nodes_[parent].tag, tag_of(at)),
                        .depth = static_cast<std::uint16_t>(std::min(nodes_[parent].depth + 1, 65'535)),
                        .attributes = attribute_bits(at),
                        .text = {},
                        .element = at});
      down = at->first_child;
    }
    if (down != nullptr) {
      parent = index;
      at = down;
      continue;
    }
    while (at != nullptr && at->next == nullptr) {
      at = at->parent;
      if (at == root || at == nullptr) {
        at = nullptr;
        break;
      }
      parent = nodes_[parent].parent;
    }
    if (at != nullptr) at = at->next;
  }
  // Ends, from the leaves up: a node ends where its last descendant does.
  nodes_[0].end = static_cast<std::uint32_t>(nodes_.size());
  for (std::uint32_t i = static_cast<std::uint32_t>(nodes_.size()); i-- > 1;) {
    PageNode& above = nodes_[nodes_[i].parent];
    above.end = std::max(above.end, nodes_[i].end);
  }
}

std::string_view PageTree::attribute(std::uint32_t node, std::string_view name) const {
  lxb_dom_attr_t* found = find_attribute(nodes_[node], name);
  if (found == nullptr) return {};
  std::size_t length = 0;
  const lxb_char_t* value = lxb_dom_attr_value(found, &length);
  return view(value, length);
}

bool PageTree::has_attribute(std::uint32_t node, std::string_view name) const {
  return find_attribute(nodes_[node], name) != nullptr;
}

std::string_view PageTree::name(std::uint32_t node) const {
  auto* element = static_cast<lxb_dom_element_t*>(const_cast<void*>(nodes_[node].element));
  if (element == nullptr) return {};
  std::size_t length = 0;
  const lxb_char_t* name = lxb_dom_element_local_name(element, &length);
  return view(name, length);
}

}  // namespace renvoi::extract
