// PDF files made in memory for tests: text at places, in Helvetica.
#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

namespace renvoi::extract::test {

struct PdfWord {
  double x = 0, y_from_top = 0, size = 11;
  std::string text;  // ASCII, without parentheses
};

// Pages of 595 by 842 points. `more` goes into each page's content as it is.
inline std::string pdf_of(const std::vector<std::vector<PdfWord>>& pages, const std::string& info = "",
                          const std::string& more = "") {
  std::vector<std::string> objects{"<</Type/Catalog/Pages 2 0 R>>", "",
                                   "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
                                   "<<" + info + ">>"};
  std::string kids;
  for (const auto& page : pages) {
    std::string content = more;
    for (const PdfWord& word : page)
      content += fmt::format("BT /F {} Tf {} {} Td ({}) Tj ET\n", word.size, word.x, 842 - word.y_from_top, word.text);
    const std::size_t number = objects.size() + 1;
    kids += fmt::format("{} 0 R ", number);
    objects.push_back(
        fmt::format("<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F 3 0 R>>>>"
                    "/Contents {} 0 R>>",
                    number + 1));
    objects.push_back(fmt::format("<</Length {}>>stream\n{}\nendstream", content.size(), content));
  }
  objects[1] = fmt::format("<</Type/Pages/Count {}/Kids[{}]>>", pages.size(), kids);
  std::string out = "%PDF-1.4\n", table;
  for (std::size_t i = 0; i < objects.size(); ++i) {
    table += fmt::format("{:010} 00000 n \n", out.size());
    out += fmt::format("{} 0 obj\n{}\nendobj\n", i + 1, objects[i]);
  }
  const std::size_t start = out.size();
  return out + fmt::format(
                   "xref\n0 {}\n0000000000 65535 f \n{}trailer<</Size {}/Root 1 0 R/Info 4 0 R>>\nstartxref\n{}"
                   "\n%%EOF\n",
                   objects.size() + 1, table, objects.size() + 1, start);
}

}  // namespace renvoi::extract::test
