// Writes synthetic vectors as vector_rows.h makes them, so that every peer gets the same file.
// Usage: dump_vectors DIMENSIONS PASSAGES.f32[,PASSAGES.f32...] COUNT NOISE OUT.f32
#include <cstdio>
#include <cstdlib>

#include "../vector_rows.h"

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fprintf(stderr, "usage: dump_vectors DIMENSIONS PASSAGES.f32[,...] COUNT NOISE OUT.f32\n");
    return 2;
  }
  const std::size_t dimensions = std::strtoul(argv[1], nullptr, 10);
  const renvoi::bench::VectorRows rows(renvoi::bench::read_floats(argv[2]), dimensions,
                                       std::strtoul(argv[3], nullptr, 10), std::strtof(argv[4], nullptr));
  std::ofstream out(argv[5], std::ios::binary);
  std::vector<float> row;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows.get(i, row);
    out.write(reinterpret_cast<const char*>(row.data()), static_cast<std::streamsize>(row.size() * sizeof(float)));
  }
  out.flush();
  return out ? 0 : 1;
}
