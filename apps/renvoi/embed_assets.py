#!/usr/bin/env python3
"""embed_assets.py OUT.cpp DOCUMENT DIST FILE...: writes DOCUMENT and the files of the web interface as one C++ source.

With no FILE the program is built without a web interface. With some, everything in DIST is embedded.
"""
import gzip
import pathlib
import sys


def main() -> None:
    out, document, dist, files = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]), sys.argv[4:]
    found = sorted(p for p in dist.rglob("*") if p.is_file()) if files else []
    for wanted in files:
        if pathlib.Path(wanted) not in found:
            sys.exit(f"embed_assets.py: {wanted} is missing: run 'node build.mjs' in ui/")
    lines = ['#include "server/assets.h"', "", "namespace renvoi::app {", "namespace {"]
    # As they are, then compressed: the same bytes each time (no time, no name in them).
    everything = [path.read_bytes() for path in [*found, document]]
    everything += [gzip.compress(path.read_bytes(), mtime=0) for path in found]
    for number, data in enumerate(everything):
        lines.append(f"constexpr unsigned char file_{number}[] = {{")
        for start in range(0, len(data), 32):
            lines.append(",".join(str(byte) for byte in data[start:start + 32]) + ",")
        lines.append("0};")
    lines += ["}  // namespace", "", "const std::vector<Asset>& embedded_assets() {", "  static const std::vector<Asset> assets{"]
    for number, path in enumerate(found):
        name = path.relative_to(dist).as_posix()
        parts = [f"{{reinterpret_cast<const char*>(file_{each}), sizeof file_{each} - 1}}" for each in (number, len(found) + 1 + number)]
        lines.append(f'      {{"{name}", {parts[0]}, {parts[1]}}},')
    lines += ["  };", "  return assets;", "}", "", "std::string_view embedded_openapi() {",
              f"  return {{reinterpret_cast<const char*>(file_{len(found)}), sizeof file_{len(found)} - 1}};", "}", "",
              "}  // namespace renvoi::app", ""]
    out.write_text("\n".join(lines), encoding="utf-8")


main()
