// Extraction in one process on one core: pages a second, and the most memory that one page took.
//
//   bench_extract FOLDER [ROUNDS]   every file of the folder, as HTML, ROUNDS times (5): the best round counts
//   bench_extract --hostile         pages made to cost: milliseconds of each (their memory: test_extract_memory)
//   bench_extract --files FOLDER    every file of the folder, by its name's kind: milliseconds of each, its programs'
//   too bench_extract -                 one page from standard input, its text to standard output
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "extract/extract.h"
#include "extract/hostile_pages.h"

namespace {

constexpr std::size_t kSmallPageBytes = 96 * 1'024;

using renvoi::extract::extract;

std::string read_all(std::istream& stream) { return {std::istreambuf_iterator<char>(stream), {}}; }

std::vector<std::string> read_folder(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.is_regular_file()) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> pages;
  for (const auto& path : paths) {
    std::ifstream stream(path, std::ios::binary);
    pages.push_back(read_all(stream));
  }
  return pages;
}

// Of this thread's own work: other programs share the machine.
double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double seconds_of_round(const std::vector<std::string>& pages) {
  const double start = cpu_seconds();
  for (const std::string& page : pages) {
    const auto document = extract(page, {.content_type = "text/html"});
    if (!document.ok() && document.error().code != renvoi::ErrorCode::invalid) std::abort();
  }
  return cpu_seconds() - start;
}

long peak_kib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

// A page that makes every library load what it needs once, whatever the page: ICU's data, CLD2's tables.
const std::string& warming_page() {
  static const std::string page = [] {
    std::string html = "<title>One</title>";
    for (int i = 0; i < 50; ++i)
      html +=
          "<p>Ceci est un texte français, with some English words and ünusual letters. "
          "日本語の文章もここにあります。</p>";
    return html;
  }();
  return page;
}

// What extracting `page` adds to the most memory of a process that has extracted another before. In a child, because
// the peak of a process never falls.
long kib_of_page(const std::string& page) {
  int pipe_ends[2];
  if (pipe(pipe_ends) != 0) return 0;
  const pid_t child = fork();
  if (child == 0) {
    (void)extract(warming_page(), {.content_type = "text/html"});
    const long before = peak_kib();
    (void)extract(page, {.content_type = "text/html"});
    const long used = peak_kib() - before;
    const ssize_t written = write(pipe_ends[1], &used, sizeof used);
    _exit(written == sizeof used ? 0 : 1);
  }
  long used = 0;
  close(pipe_ends[1]);
  if (read(pipe_ends[0], &used, sizeof used) != sizeof used) used = 0;
  close(pipe_ends[0]);
  waitpid(child, nullptr, 0);
  return used;
}

double wall_seconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// The best of several, on the wall: a PDF is read by a program of its own.
template <typename Work>
double best_milliseconds(const Work& work) {
  double best = 1e9;
  for (int round = 0; round < 20; ++round) {
    const double start = wall_seconds();
    work();
    best = std::min(best, (wall_seconds() - start) * 1e3);
  }
  return best;
}

int measure_files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() != ".expected") paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  for (const auto& path : paths) {
    std::ifstream stream(path, std::ios::binary);
    const std::string bytes = read_all(stream);
    const auto document = extract(bytes, {.name = path.filename().string()});
    if (!document.ok()) continue;
    const double own = best_milliseconds([&] { (void)extract(bytes, {.name = path.filename().string()}); });
    std::printf("%-20s %8zu bytes %8zu of text %8.2f ms", path.filename().c_str(), bytes.size(), document->text.size(),
                own);
    if (path.extension() == ".pdf") {
      const std::string command = "pdftotext -bbox-layout '" + path.string() + "' /dev/null";
      const double alone = best_milliseconds([&] {
        if (std::system(command.c_str()) != 0) std::abort();
      });
      std::printf("   pdftotext alone, in a shell: %.2f ms", alone);
    }
    std::printf("\n");
  }
  return 0;
}

int measure_hostile() {
  for (const auto& [name, page] : renvoi::test::hostile_pages()) {
    const double start = cpu_seconds();
    const auto document = extract(page, {.content_type = "text/html"});
    const double milliseconds = (cpu_seconds() - start) * 1e3;
    std::printf("%-26s %6.0f ms  %s\n", name, milliseconds,
                !document.ok()        ? document.error().message.c_str()
                : document->truncated ? "its first part is read"
                                      : "read");
  }
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) return std::fputs("bench_extract FOLDER [ROUNDS] | --hostile | --files FOLDER | -\n", stderr), 2;
  if (std::string(arguments[1]) == "--hostile") return measure_hostile();
  if (std::string(arguments[1]) == "--files" && count > 2) return measure_files(arguments[2]);
  if (std::string(arguments[1]) == "-") {
    const auto document = extract(read_all(std::cin), {.content_type = "text/html"});
    if (document.ok()) std::cout << document->text << "\n";
    return document.ok() ? 0 : 1;
  }
  const std::vector<std::string> pages = read_folder(arguments[1]);
  if (pages.empty()) return std::fputs("no page there\n", stderr), 1;
  std::size_t bytes = 0;
  for (const std::string& page : pages) bytes += page.size();
  // A page of any size costs some hundred KiB that have nothing to do with it: of small ones the ratio says little.
  double worst_ratio = 0;
  std::vector<double> ratios;
  for (const std::string& page : pages) {
    ratios.push_back(1024.0 * static_cast<double>(kib_of_page(page)) / static_cast<double>(page.size()));
    if (page.size() >= kSmallPageBytes) worst_ratio = std::max(worst_ratio, ratios.back());
  }
  std::nth_element(ratios.begin(), ratios.begin() + static_cast<std::ptrdiff_t>(ratios.size() / 2), ratios.end());
  double best = 1e9;
  for (int round = count > 2 ? std::atoi(arguments[2]) : 5; round > 0; --round)
    best = std::min(best, seconds_of_round(pages));
  std::printf("pages %zu bytes %zu pages_per_second %.0f megabytes_per_second %.1f memory_over_size %.1f median %.1f\n",
              pages.size(), bytes, static_cast<double>(pages.size()) / best, static_cast<double>(bytes) / best / 1e6,
              worst_ratio, ratios[ratios.size() / 2]);
  return 0;
}
