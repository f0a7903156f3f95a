#!/usr/bin/env bash
# ./dev test: everything. With arguments they are CTest's, and only the tests of the dev build run (./dev test -R index).
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tools/common.sh

parsers=(test_base test_text test_extract test_net test_index test_crawl)
fuzz_seconds="${FUZZ_SECONDS:-5}"
passed=0 failed=0 skipped=0 times=()

# stage NAME COMMAND...: runs one stage and keeps its time. A stage's status is the command's.
stage() {
  local name="$1" from=$SECONDS status=0; shift
  printf '\n'; say "$name"
  "$@" || status=$?
  times+=("$(printf '%-28s %4d s   %s' "$name" $((SECONDS - from)) "$([ $status = 0 ] && echo ok || echo FAILED)")")
  return $status
}
finish() {
  printf '\n'; say "time of each stage"
  for line in "${times[@]}"; do note "$line"; done
  note "$(printf '%-28s %4d s' total $SECONDS)"
  [ "$skipped" = 0 ] || note "$skipped skipped (they say why above or in the logs of build/*/Testing)"
  printf '%s passed, %s failed\n' "$passed" "$failed"
  [ "$failed" = 0 ]
}
give_up() { failed=$((failed + 1)); finish; exit 1; }
count() {  # BUILD_FOLDER: adds the cases of its last CTest run
  local p f s
  read -r p f s < <(python3 -B tools/count_tests.py "$1/Testing/Temporary/LastTest.log" 2>/dev/null || echo 0 1 0)
  passed=$((passed + p)); failed=$((failed + f)); skipped=$((skipped + s))
}
run_ctest() {  # BUILD_FOLDER [CTest arguments]: two at once; tests that need the machine for themselves are RUN_SERIAL
  local folder="$1" status=0; shift
  ctest --test-dir "$folder" --output-on-failure -j 2 "$@" || status=$?
  count "$folder"
  return $status
}
# The prebuilt llama.cpp is not instrumented: only what was built with the sanitizer is checked.
run_asan() {
  local names; names="$(printf '%s\n' "${parsers[@]#test_}" | paste -sd'|')"
  ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1 UBSAN_OPTIONS=print_stacktrace=1 \
    run_ctest build/asan -R "^($names)\$" --no-tests=error
}
run_fuzz() { bash tools/fuzz.sh "$fuzz_seconds" && passed=$((passed + 1)) || { failed=$((failed + 1)); return 1; }; }

stage "set-up" bash tools/setup.sh || give_up
stage "build (dev)" bash tools/build.sh dev || give_up
if [ $# -gt 0 ]; then
  stage "tests" run_ctest build/dev "$@"
  finish; exit
fi
stage "tests" run_ctest build/dev
stage "build of the parsers (asan)" bash tools/build.sh asan "${parsers[@]}" && stage "parsers under sanitizers" run_asan ||
  { [ "$failed" != 0 ] || failed=1; }
[ ! -f tools/fuzz.sh ] || stage "fuzz targets, $fuzz_seconds s each" run_fuzz
finish
