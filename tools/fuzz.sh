#!/usr/bin/env bash
# ./dev fuzz [SECONDS [TARGET...]]: builds the fuzz targets with Clang and runs each for SECONDS (60 unless told), from
# the seeds in fuzz/corpus (in the folder of its name without _fuzz). What a run finds worth keeping stays in
# build/fuzz/corpus, an input that crashes in build/fuzz/crashes. Exit status 1 when one crashed.
# ./dev fuzz mutations [COUNT]: every real page of the evaluation sets, and COUNT (10,000) seeded mutations of them,
# read under AddressSanitizer and UndefinedBehaviorSanitizer.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tools/common.sh

if [ "${1:-}" = mutations ]; then
  bash tools/build.sh asan test_extract
  exec env RENVOI_MUTATIONS="${2:-10000}" build/asan/tests/extract/test_extract --gtest_filter='Mutations.*'
fi
seconds="${1:-60}"; [ $# -gt 0 ] && shift
[[ "$seconds" =~ ^[1-9][0-9]*$ ]] || die "SECONDS must be a number: ./dev fuzz [SECONDS [TARGET...]]"
rss_limit_mb=3000

bash tools/build.sh fuzz fuzzers
build=build/fuzz
mapfile -t targets < <(for source in fuzz/*_fuzz.cpp; do basename "$source" .cpp; done)
[ $# -gt 0 ] && targets=("$@")

failed=0
for target in "${targets[@]}"; do
  name="${target%_fuzz}"
  target="${name}_fuzz"
  program="$build/fuzz/$target"
  [ -x "$program" ] || die "there is no fuzz target '$target'; there are: $(cd fuzz && echo *_fuzz.cpp | sed 's/\.cpp//g')"
  mkdir -p "$build/corpus/$name" "$build/crashes"
  corpora=("$build/corpus/$name")
  [ -d "fuzz/corpus/$name" ] && corpora+=("fuzz/corpus/$name")
  [ "$name" = html ] && corpora+=(tests/golden/pages)
  [ "$name" = office ] && corpora+=(tests/golden/formats)
  log="$build/$target.log"
  if "$program" "${corpora[@]}" -max_total_time="$seconds" -rss_limit_mb="$rss_limit_mb" -timeout=25 -max_len=65536 \
      -artifact_prefix="$build/crashes/$target-" >"$log" 2>&1; then
    note "$target: $(grep -o 'Done [0-9]* runs in [0-9]* second' "$log" | tail -1)s, no crash"
  else
    failed=1
    input="$(grep -o "$build/crashes/[^ ]*" "$log" | tail -1 || true)"
    printf '    %s: FAILED; the input is kept in %s, the log in %s; run again: %s %s\n' \
      "$target" "${input:-(none written)}" "$log" "$program" "${input:-}" >&2
    grep -m3 -E 'ERROR|SUMMARY|runtime error' "$log" >&2 || true
  fi
done
[ "$failed" = 0 ] || die "a fuzz target failed"
