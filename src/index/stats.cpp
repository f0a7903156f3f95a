#include "index/stats.h"

#include <set>
#include <string>
#include <vector>

namespace renvoi::index {
namespace {

std::uint64_t count_terms(std::span<const Part> parts) {
  if (parts.size() == 1) return parts[0].segment->terms();
  std::set<std::string> distinct;
  for (const Part& part : parts)
    for (Dictionary::Walk walk(part.segment->dictionary()); walk.next();) distinct.insert(walk.term());
  return distinct.size();
}

}  // namespace

IndexStats stats_of(io::FileSystem& files, const std::filesystem::path& folder, const Loader& loader,
                    const Manifest& manifest, std::span<const Part> disk, std::span<const Part> memory,
                    const Snapshot& snapshot) {
  IndexStats stats;
  stats.segments = disk.size();
  stats.bytes = files.disk_bytes(folder);
  stats.log_bytes = files.disk_bytes(loader.log_path(manifest.log_number));
  std::vector<Part> parts(disk.begin(), disk.end());
  parts.insert(parts.end(), memory.begin(), memory.end());
  for (const Part& part : parts) {
    stats.passages += part.live->count();
    stats.dead_passages += part.dead();
  }
  for (const Part& part : disk) {
    const Segment& segment = *part.segment;
    for (const Section section : {Section::scan, Section::rest, Section::order, Section::cells})
      stats.code_bytes += segment.section_bytes(section);
    for (const Section section : {Section::blocks, Section::dictionary, Section::postings, Section::lengths})
      stats.posting_bytes += segment.section_bytes(section);
    for (const Section section : {Section::references, Section::passages, Section::fingerprints})
      stats.table_bytes += segment.section_bytes(section);
  }
  for (const ManifestQuantizer& quantizer : manifest.quantizers)
    stats.code_bytes += files.disk_bytes(loader.quantizer_path(quantizer.file_number));
  stats.references = snapshot.references().size();
  stats.terms = count_terms(parts);
  return stats;
}

}  // namespace renvoi::index
