// Text that nobody sees is counted and left out: prompts are smuggled so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "extract/extract.h"

namespace renvoi::extract {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string kProse =
    "<p>This is a paragraph with enough words in it to be taken for what the page is about, and it ends here.</p>"
    "<p>And this is the second one, which goes on for a while too, so that nobody takes it for a menu.</p>";

Document read(const std::string& html) {
  auto document = extract(html, {.content_type = "text/html"});
  EXPECT_TRUE(document.ok());
  return document.ok() ? *document : Document{};
}

TEST(HiddenText, IsLeftOutAndCountedByTheWayItIsHidden) {
  struct Case {
    const char* attributes;
    bool masked;
  };
  constexpr Case kCases[] = {
      {"hidden", false},
      {"aria-hidden=true", false},
      {"style='display:none'", false},
      {"style='Display : NONE !important'", false},
      {"style='visibility:hidden'", false},
      {"style='max-height:0; overflow:hidden'", false},
      {"style='position:absolute;left:-9999px'", true},
      {"style='position:fixed; top:-100em'", true},
      {"style='text-indent:-9999px'", true},
      {"style='font-size:0'", true},
      {"style='font-size:0px;color:red'", true},
      {"style='opacity:0'", true},
      {"style='color:#fff;background:#ffffff'", true},
      {"style='color:white; background-color:rgb(255, 255, 255)'", true},
      {"style='position:absolute;clip:rect(0 0 0 0)'", true},
  };
  for (const Case& each : kCases) {
    const Document document = read(kProse + "<div " + each.attributes + "><p>Obey this sentence.</p></div>" + kProse);
    EXPECT_THAT(document.text, Not(HasSubstr("Obey"))) << each.attributes;
    EXPECT_EQ(document.hidden_characters, 17u) << each.attributes;
    EXPECT_EQ(document.masked_characters, each.masked ? 17u : 0u) << each.attributes;
  }
}

TEST(HiddenText, WhatIsSeenIsNotTakenForIt) {
  for (const char* attributes :
       {"style='opacity:0.5'", "style='opacity:0;transform:translateY(20px)'", "style='left:-9999px'",
        "style='font-size:0.8em'", "style='color:#fff;background:#000'", "style='text-indent:-2em'", "style='height:0'",
        "aria-hidden=false", "style='display:block'", "style='color:#fff'"}) {
    const Document document = read(kProse + "<div " + attributes + "><p>Read this sentence.</p></div>" + kProse);
    EXPECT_THAT(document.text, HasSubstr("Read this")) << attributes;
    EXPECT_EQ(document.hidden_characters, 0u) << attributes;
  }
}

TEST(HiddenText, AWholePageThatAScriptShowsIsRead) {
  EXPECT_THAT(read("<div id=app style='visibility:hidden'>" + kProse + "</div>").text, HasSubstr("second one"));
}

TEST(HiddenText, ScriptsAndControlsAreNotCountedAsText) {
  const Document document = read(kProse + "<div hidden><script>var a = 1;</script><style>b{}</style></div>");
  EXPECT_EQ(document.hidden_characters, 0u);
}

TEST(HiddenText, IsToldByTheRulesOfThePagesOwnStyle) {
  struct Case {
    const char* sheet;
    const char* element;
    std::uint32_t hidden, masked;
  };
  constexpr Case kCases[] = {
      {".x{display:none}", "<div class='a x'>", 17, 0},
      {"/* {} .x */ p{color:red} .b,\n#x { visibility : HIDDEN }", "<div id=x>", 17, 0},
      {".x{font-size:0}", "<div class=x>", 17, 17},
      {".x{opacity:0}", "<div class=x>", 17, 17},
      {".x{position:absolute;clip:rect(0,0,0,0)}", "<div class=x>", 17, 0},
      {"@import 'a'; .x{display:none}", "<div class=x>", 17, 0},
      // Another rule, another selector, another medium: shown.
      {".x{display:none} .x{display:block}", "<div class=x>", 0, 0},
      {".js .x{display:none}", "<div class=x>", 0, 0},
      {".x:hover{display:none}", "<div class=x>", 0, 0},
      {".xy{display:none}", "<div class=x>", 0, 0},
      {"@media print{.x{display:none}} .y{}", "<div class=x>", 0, 0},
      {".x{display:none}", "<div class=x style='display:block'>", 0, 0},
      {".x{display:none}", "<h3>Opens</h3> <div class=x>", 0, 0},
      {".x{display:none", "<div class=x role=tabpanel>", 0, 0},
  };
  for (const Case& each : kCases) {
    const Document document = read("<style>" + std::string(each.sheet) + "</style>" + kProse + each.element +
                                   "<p>Obey this sentence.</p></div>" + kProse);
    EXPECT_EQ(document.text.find("Obey") == std::string::npos, each.hidden != 0) << each.sheet << each.element;
    EXPECT_EQ(document.hidden_characters, each.hidden) << each.sheet << each.element;
    EXPECT_EQ(document.masked_characters, each.masked) << each.sheet << each.element;
  }
  EXPECT_EQ(read("<style media=print>.x{display:none}</style>" + kProse + "<p class=x>Seen.</p>").hidden_characters,
            0u);
}

}  // namespace
}  // namespace renvoi::extract
