#!/usr/bin/env bash
# ./dev bench: encoding against raw llama.cpp, then the program on real pages. ./dev bench peers|vectors|fetch: against
# other programs. Absolute figures mean little on a shared machine.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tools/common.sh
case "${1:-}" in
  peers|vectors) exec bash tools/bench_peers.sh "$@" ;;
  fetch) exec bash tools/bench_fetch.sh "${@:2}" ;;
esac
bash tools/setup.sh
bash tools/build.sh release
cmake --build build/release --target bench_embed
say "encoding: renvoi against llama.cpp called directly"
corpus=../shared/eval/fr-cnil/corpus.jsonl
model=.deps/models/multilingual-e5-small-q4_0.gguf
alone=0
if [ -f "$corpus" ]; then
  build/release/bench/bench_embed "$model" "$corpus" .deps/llama/lib 120
  alone="$(build/release/bench/bench_embed --resident "$model" "$corpus" .deps/llama/lib 2>/dev/null)"
else
  note "skipped: $corpus is not there"
fi
say "the program on pages of LibreOffice's help"
python3 bench/measure.py build/release/apps/renvoi/renvoi /usr/share/libreoffice/help/fr/text/swriter/guide build/bench "$alone" "${1:-150}"
