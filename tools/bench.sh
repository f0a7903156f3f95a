#!/usr/bin/env bash
# ./dev bench: encoding against raw llama.cpp, then the program on real pages. ./dev bench peers|vectors|fetch: against
# other programs; ./dev bench help [QUERIES]: recall in two languages; ./dev bench answers: the overhead of an answer. Absolute figures mean little on a shared machine.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tools/common.sh
case "${1:-}" in
  peers|vectors) exec bash tools/bench_peers.sh "$@" ;;
  help)
    bash tools/setup.sh
    bash tools/build.sh release renvoi
    say "LibreOffice's help in French and English (the first time each is indexed: ten minutes on two cores)"
    exec python3 -B bench/help_recall.py build/release/apps/renvoi/renvoi /usr/share/libreoffice/help build/bench-help "${@:2}"
    ;;
  answers)
    bash tools/setup.sh
    bash tools/build.sh release renvoi
    say "what renvoi adds to an answer that a model writes"
    RENVOI_PROGRAM=$PWD/build/release/apps/renvoi/renvoi RENVOI_MODELS=$PWD/.deps/models exec python3 -B bench/answer_overhead.py "${@:2}"
    ;;
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
say "answers of a model in this process: together beside one after another"
if [ -f ../shared/eval/en-xquad/corpus.jsonl ]; then
  cmake --build build/release --target bench_generate
  build/release/bench/bench_generate .deps/models/smollm2-135m-instruct-q4_1.gguf ../shared/eval/en-xquad/corpus.jsonl 4
fi
say "extraction: renvoi beside trafilatura and resiliparse"
cmake --build build/release --target bench_extract
if [ -d ../shared/eval/html-scrapinghub ]; then
  peers=build/peers stamp="$(sha256sum <bench/peers/requirements-extract.txt)"
  if [ "$(cat "$peers/venv-extract.stamp" 2>/dev/null)" != "$stamp" ]; then
    mkdir -p "$peers"; rm -rf "$peers/venv-extract"; python3 -m venv "$peers/venv-extract"
    "$peers/venv-extract/bin/pip" install -q --disable-pip-version-check --no-deps --require-hashes --only-binary :all: \
      -r bench/peers/requirements-extract.txt
    echo "$stamp" >"$peers/venv-extract.stamp"
  fi
  "$peers/venv-extract/bin/python" -B bench/peers/extract_peers.py build/release/bench/bench_extract ../shared/eval build/bench/extract
else
  note "skipped: ../shared/eval/html-scrapinghub is not there"
fi
say "pages made to cost"
build/release/bench/bench_extract --hostile
say "files of Word, Excel, PowerPoint, OpenDocument, EPUB, RTF and PDF (beside pdftotext alone)"
build/release/bench/bench_extract --files tests/golden/formats
say "Word and Excel beside python-docx and openpyxl"
office=build/peers/venv-office office_stamp="$(sha256sum <bench/peers/requirements-office.txt)"
if [ "$(cat "$office.stamp" 2>/dev/null)" != "$office_stamp" ]; then
  mkdir -p build/peers; rm -rf "$office"; python3 -m venv "$office"
  "$office/bin/pip" install -q --disable-pip-version-check --no-deps --require-hashes --only-binary :all: \
    -r bench/peers/requirements-office.txt
  echo "$office_stamp" >"$office.stamp"
fi
"$office/bin/python" -B bench/peers/office_peers.py build/release/bench/bench_extract build/bench/office
say "the program on pages of LibreOffice's help"
python3 bench/measure.py build/release/apps/renvoi/renvoi /usr/share/libreoffice/help/fr/text/swriter/guide build/bench "$alone" "${1:-150}"
