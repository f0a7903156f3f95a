#include "extract/page_tags.h"

#include <lexbor/tag/const.h>

namespace renvoi::extract {

bool is_block(std::uint16_t tag) {
  switch (tag) {
    case LXB_TAG_ADDRESS:
    case LXB_TAG_ARTICLE:
    case LXB_TAG_ASIDE:
    case LXB_TAG_BLOCKQUOTE:
    case LXB_TAG_BODY:
    case LXB_TAG_CAPTION:
    case LXB_TAG_CENTER:
    case LXB_TAG_DD:
    case LXB_TAG_DETAILS:
    case LXB_TAG_DIALOG:
    case LXB_TAG_DIR:
    case LXB_TAG_DIV:
    case LXB_TAG_DL:
    case LXB_TAG_DT:
    case LXB_TAG_FIELDSET:
    case LXB_TAG_FIGCAPTION:
    case LXB_TAG_FIGURE:
    case LXB_TAG_FOOTER:
    case LXB_TAG_FORM:
    case LXB_TAG_H1:
    case LXB_TAG_H2:
    case LXB_TAG_H3:
    case LXB_TAG_H4:
    case LXB_TAG_H5:
    case LXB_TAG_H6:
    case LXB_TAG_HEADER:
    case LXB_TAG_HGROUP:
    case LXB_TAG_HR:
    case LXB_TAG_HTML:
    case LXB_TAG_LEGEND:
    case LXB_TAG_LI:
    case LXB_TAG_MAIN:
    case LXB_TAG_MENU:
    case LXB_TAG_NAV:
    case LXB_TAG_OL:
    case LXB_TAG_P:
    case LXB_TAG_PRE:
    case LXB_TAG_SEARCH:
    case LXB_TAG_SECTION:
    case LXB_TAG_SUMMARY:
    case LXB_TAG_TABLE:
    case LXB_TAG_TBODY:
    case LXB_TAG_TD:
    case LXB_TAG_TFOOT:
    case LXB_TAG_TH:
    case LXB_TAG_THEAD:
    case LXB_TAG_TR:
    case LXB_TAG_UL:
      return true;
    default:
      return false;
  }
}

bool is_list(std::uint16_t tag) {
  return tag == LXB_TAG_UL || tag == LXB_TAG_OL || tag == LXB_TAG_DL || tag == LXB_TAG_MENU || tag == LXB_TAG_DIR;
}

bool is_never_content(std::uint16_t tag) {
  switch (tag) {
    case kForeignTag:
    case LXB_TAG_APPLET:
    case LXB_TAG_AUDIO:
    case LXB_TAG_BUTTON:
    case LXB_TAG_CANVAS:
    case LXB_TAG_DATALIST:
    case LXB_TAG_EMBED:
    case LXB_TAG_HEAD:
    case LXB_TAG_IFRAME:
    case LXB_TAG_INPUT:
    case LXB_TAG_METER:
    case LXB_TAG_NOEMBED:
    case LXB_TAG_NOFRAMES:
    case LXB_TAG_NOSCRIPT:
    case LXB_TAG_OBJECT:
    case LXB_TAG_OPTGROUP:
    case LXB_TAG_OPTION:
    case LXB_TAG_PROGRESS:
    case LXB_TAG_RP:
    case LXB_TAG_SCRIPT:
    case LXB_TAG_SELECT:
    case LXB_TAG_STYLE:
    case LXB_TAG_TEMPLATE:
    case LXB_TAG_TEXTAREA:
    case LXB_TAG_TITLE:
    case LXB_TAG_VIDEO:
      return true;
    default:
      return false;
  }
}

std::uint8_t heading_level(const PageTree& page, std::uint32_t node) {
  const std::uint16_t tag = page.nodes()[node].tag;
  if (tag >= LXB_TAG_H1 && tag <= LXB_TAG_H6) return static_cast<std::uint8_t>(tag - LXB_TAG_H1 + 1);
  if (tag != LXB_TAG_DIV && tag != LXB_TAG_P && tag != LXB_TAG_SPAN) return 0;
  if (page.attribute(node, "role") != "heading") return 0;
  const std::string_view level = page.attribute(node, "aria-level");
  return level.size() == 1 && level[0] >= '1' && level[0] <= '6' ? static_cast<std::uint8_t>(level[0] - '0') : 2;
}

}  // namespace renvoi::extract
