#include "extract/pdf.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>

#include "base/date.h"
#include "extract/document_builder.h"
#include "extract/lines.h"
#include "extract/pdf_layout.h"
#include "extract/pdf_text.h"
#include "extract/section_languages.h"
#include "io/child_process.h"
#include "text/language.h"

namespace renvoi::extract {
namespace {

constexpr std::uint64_t kMaxLayoutBytes = 128u << 20;
constexpr std::uint64_t kMaxMemoryBytes = 1u << 30;
constexpr std::size_t kLettersOfAPage = 4;  // fewer, and the pages are pictures
constexpr std::uint32_t kMaxPages = 20'000;

Result<const char*> find_program(std::span<const char* const> programs) {
  for (const char* program : programs)
    if (access(program, X_OK) == 0) return program;
  return Error{ErrorCode::unavailable,
               "reading PDF needs the program pdftotext, which is not installed: apt install poppler-utils"};
}

// What is wrong, as pdftotext tells it in plain English.
Error problem(const io::ChildResult& child) {
  if (child.end == io::ChildEnd::crashed)
    return {ErrorCode::corrupt,
            fmt::format("the PDF makes its reader crash (signal {}): it is damaged, or hostile", child.status)};
  if (child.errors.find("Incorrect password") != std::string::npos)
    return {ErrorCode::invalid, "the PDF is protected by a password: save it without one"};
  if (child.errors.find("emory") != std::string::npos || child.errors.find("bad_alloc") != std::string::npos)
    return {ErrorCode::exhausted, fmt::format("reading the PDF takes more than {} MiB", kMaxMemoryBytes >> 20)};
  const std::string said = collapse_space(std::string_view(child.errors).substr(0, child.errors.find('\n')));
  return {ErrorCode::corrupt,
          "the PDF is damaged or cut short" + (said.empty() ? "" : " (pdftotext: " + said.substr(0, 200) + ")")};
}

// Programs put their file's name, or nothing that says anything, where the title belongs.
bool is_file_name(std::string_view title) {
  const std::string name = lower(title);
  if (name.starts_with("microsoft word - ") || name.starts_with("microsoft powerpoint - ") || name == "untitled" ||
      name == "document" || name == "(anonymous)" || name == "sans titre")
    return true;
  for (const std::string_view end : {".doc", ".docx", ".odt", ".indd", ".dvi", ".tex", ".pdf", ".qxd", ".ppt", ".pptx",
                                     ".xls", ".xlsx", ".rtf", ".txt", ".html"})
    if (name.ends_with(end)) return true;
  return false;
}

std::size_t letters_in(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c < 0; }));
}

}  // namespace

Result<void> read_pdf(std::string_view bytes, const Reading& reading, Document& document,
                      std::span<const char* const> programs) {
  RENVOI_TRY(const char* program, find_program(programs));
  RENVOI_CHECK(check_time(reading, "this PDF"));
  io::ChildLimits limits;
  limits.deadline = reading.deadline;
  limits.cpu_s = reading.limits.max_milliseconds / 1'000 + 1;
  limits.memory_bytes = kMaxMemoryBytes;
  limits.output_bytes = kMaxLayoutBytes;
  const std::vector<std::string> arguments{"-bbox-layout", "-enc", "UTF-8", "-l", std::to_string(kMaxPages), "-", "-"};
  RENVOI_TRY(const io::ChildResult child, io::run_confined(program, arguments, bytes, limits));
  if (child.end == io::ChildEnd::out_of_time)
    return Error{ErrorCode::exhausted, fmt::format("reading this PDF took longer than its time limit of {} ms",
                                                   reading.limits.max_milliseconds)};
  if (child.end == io::ChildEnd::crashed || (child.end == io::ChildEnd::exited && child.status != 0))
    return problem(child);
  document.truncated |= child.end == io::ChildEnd::cut;
  PdfLayout layout = read_pdf_layout(child.output);
  document.truncated |= layout.pages.size() >= kMaxPages;
  RENVOI_CHECK(check_time(reading, "this PDF"));
  if (!is_file_name(layout.title)) document.title = title_of(layout.title);
  add_author(document, layout.author);
  document.published = parse_date_time(layout.created);
  document.modified = parse_date_time(layout.modified);
  document.charset = "utf-8";
  write_pdf_text(layout, reading.limits, document);
  if (letters_in(document.text) < kLettersOfAPage * layout.pages.size() || document.text.empty()) {
    const bool pictures = bytes.find("/Image") != std::string_view::npos;
    return Error{ErrorCode::invalid,
                 fmt::format("this PDF of {} page{} has {}: read it with an OCR program first, such as ocrmypdf",
                             layout.pages.size(), layout.pages.size() == 1 ? "" : "s",
                             pictures ? "pictures and no text (a scan)" : "no text")};
  }
  set_languages(document, text::detect_language(document.text, reading.hints.language));
  return check_time(reading, "this PDF");
}

}  // namespace renvoi::extract
