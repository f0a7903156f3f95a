#!/usr/bin/env bash
# ./dev build [PRESET] [TARGET...]: configures and builds one preset (release unless told).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tools/common.sh
preset="${1:-release}"; [ $# -gt 0 ] && shift
export CCACHE_BASEDIR="$PWD" CCACHE_NOHASHDIR=1
[ -d .deps/done ] || bash tools/setup.sh
[ -f "build/$preset/build.ninja" ] || { say "configure $preset"; cmake --preset "$preset" >/dev/null; }
say "build $preset"
targets=(); for target in "$@"; do targets+=(--target "$target"); done
cmake --build "build/$preset" -j "$(jobs_count)" "${targets[@]}"
