#!/usr/bin/env python3
"""embed_assets.py OUT.cpp DOCUMENT DIST FILE...: writes DOCUMENT and the files of the web interface as one C++ source.

With no FILE the program is built without a web interface. With some, everything in DIST is embedded.
"""
import pathlib
import sys


def main() -> None:
    out, document, dist, files = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]), sys.argv[4:]
    found = sorted(p for p in dist.rglob("*") if p.is_file()) if files else []
    for wanted in files:
        if pathlib.Path(wanted) not in found:
            sys.exit(f"embed_assets.py: {wanted} is missing: run 'node build.mjs' in ui/")
    lines = ['#include "server/assets.h"', "", "namespace renvoi::app {", "namespace {"]
    for number, path in enumerate([*found, document]):
        data = path.read_bytes()
        lines.append(f"constexpr unsigned char file_{number}[] = {{")
        for start in range(0, len(data), 32):
            lines.append(",".join(str(byte) for byte in data[start:start + 32]) + ",")
        lines.append("0};")
    lines += ["}  // namespace", "", "const std::vector<Asset>& embedded_assets() {", "  static const std::vector<Asset> assets{"]
    for number, path in enumerate(found):
        name = path.relative_to(dist).as_posix()
        lines.append(f'      {{"{name}", {{reinterpret_cast<const char*>(file_{number}), sizeof file_{number} - 1}}}},')
    lines += ["  };", "  return assets;", "}", "", "std::string_view embedded_openapi() {",
              f"  return {{reinterpret_cast<const char*>(file_{len(found)}), sizeof file_{len(found)} - 1}};", "}", "",
              "}  // namespace renvoi::app", ""]
    out.write_text("\n".join(lines), encoding="utf-8")


main()
