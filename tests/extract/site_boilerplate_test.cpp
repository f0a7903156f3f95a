// What every page of a site says is learnt from some of them, and taken out of the others.
#include "extract/site_boilerplate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "extract/extract.h"

namespace renvoi::extract {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string kAbout = "Ferrum is a maker of cast iron pans, founded in 1911 and still owned by the same family.";

Document page(int number) {
  const std::string n = std::to_string(number);
  const auto document = extract(
      "<title>News " + n + "</title><main><h1>News " + n + "</h1><p id=a" + n + ">The pan number " + n +
          " was presented at the fair this year, and the visitors lifted it with both hands.</p><h2>About us</h2><p>" +
          kAbout + "</p><h2 id=b>Contact</h2><p>Write to number " + n +
          " of our street, where somebody reads every letter and answers some of them.</p></main>",
      {.content_type = "text/html"});
  EXPECT_TRUE(document.ok());
  return *document;
}

SiteBoilerplate learnt(int pages) {
  SiteBoilerplate site;
  for (int i = 0; i < pages; ++i) site.learn(page(i));
  return site;
}

TEST(SiteBoilerplate, TakesOutWhatThePagesShareAndNothingElse) {
  const SiteBoilerplate site = learnt(4);
  Document document = page(99);
  EXPECT_EQ(site.take_out(document), 1u);
  EXPECT_THAT(document.text, Not(HasSubstr("founded")));
  EXPECT_THAT(document.text, HasSubstr("pan number 99"));
  EXPECT_THAT(document.text, HasSubstr("About us\n\nContact\n\nWrite to number 99"));
  EXPECT_EQ(site.take_out(document), 0u) << "again";
}

TEST(SiteBoilerplate, WhatIsLeftHoldsTogether) {
  const SiteBoilerplate site = learnt(4);
  Document document = page(7);
  site.take_out(document);
  std::uint32_t end = 0;
  for (const Block& block : document.blocks) {
    const std::string between = document.text.substr(end, block.range.begin - end);
    EXPECT_TRUE(end == 0 || between == "\n\n" || between == "\n") << between;
    end = block.range.end;
  }
  EXPECT_EQ(end, document.text.size());
  for (const Anchor& anchor : document.anchors)
    EXPECT_TRUE(document.text.substr(anchor.offset).starts_with(anchor.id == "b" ? "Contact" : "The pan number 7"))
        << anchor.id;
  EXPECT_EQ(document.anchors.size(), 2u);
}

TEST(SiteBoilerplate, FewPagesTeachNothing) {
  Document document = page(9);
  EXPECT_EQ(learnt(3).take_out(document), 0u);
  EXPECT_THAT(document.text, HasSubstr("founded"));
}

TEST(SiteBoilerplate, APageThatIsMostlyOfTheSiteIsLeft) {
  SiteBoilerplate site = learnt(4);
  auto document = extract("<p>" + kAbout + "</p><p>Short.</p>", {.content_type = "text/html"});
  ASSERT_TRUE(document.ok());
  EXPECT_EQ(site.take_out(*document), 0u);
}

TEST(SiteBoilerplate, OrderDoesNotMatterAndTheStateIsAllOfIt) {
  SiteBoilerplate forwards, backwards;
  for (int i = 0; i < 6; ++i) forwards.learn(page(i));
  for (int i = 6; i-- > 0;) backwards.learn(page(i));
  EXPECT_EQ(forwards.state(), backwards.state());
  const auto parsed = SiteBoilerplate::parse(forwards.state());
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->state(), forwards.state());
  EXPECT_EQ(parsed->pages(), 6u);
  EXPECT_THAT(forwards.state(), Not(HasSubstr("iron"))) << "fingerprints, no text";
}

TEST(SiteBoilerplate, IsBounded) {
  SiteBoilerplate site({.max_blocks = 64});
  for (int i = 0; i < 300; ++i) site.learn(page(i));
  EXPECT_LE(site.state().size(), 64u + 64u * 30u);
  Document document = page(1'000);
  EXPECT_EQ(site.take_out(document), 1u) << "what all pages hold is not forgotten";
}

TEST(SiteBoilerplate, OtherBytesAreCorrupt) {
  const std::string state = learnt(4).state();
  EXPECT_TRUE(SiteBoilerplate::parse(state).ok());
  std::mt19937_64 random(3);
  for (std::size_t size = 0; size < state.size(); ++size) {
    const auto cut = SiteBoilerplate::parse(state.substr(0, size));
    if (!cut.ok()) {
      EXPECT_EQ(cut.error().code, ErrorCode::corrupt);
    }
  }
  for (int round = 0; round < 2'000; ++round) {
    std::string broken = state;
    broken[random() % broken.size()] = static_cast<char>(random());
    const auto parsed = SiteBoilerplate::parse(broken);
    if (parsed.ok()) {
      EXPECT_LE(parsed->state().size(), broken.size() + 16);
    }
  }
  for (const char* bytes : {"", "site-boilerplate 1", "site-boilerplate 1\n", "site-boilerplate 2\n4\n",
                            "site-boilerplate 1\n4\n00 5\n", "site-boilerplate 1\n4\n02 1\n01 1\n"})
    EXPECT_FALSE(SiteBoilerplate::parse(bytes).ok()) << bytes;
}

}  // namespace
}  // namespace renvoi::extract
