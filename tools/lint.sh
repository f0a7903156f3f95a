#!/usr/bin/env bash
# ./dev lint [FILE...]: clang-format, the layering of the rooms, the UI's types, and clang-tidy (of FILEs, or of all our sources).
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tools/common.sh
status=0
mkdir -p build

say "clang-format"
git ls-files -co --exclude-standard '*.h' '*.cpp' | xargs -r clang-format-14 --dry-run -Werror 2>&1 | grep -E 'error:' | cut -d: -f1 | sort -u >build/unformatted 2>/dev/null || true
if [ -s build/unformatted ]; then note "not formatted (./dev format does it):"; sed 's/^/      /' build/unformatted; status=1; fi

say "layering"
python3 -B tests/layering/layering.py || status=1

say "types of the UI"
if [ -d ui/node_modules ]; then (cd ui && node node_modules/typescript/bin/tsc --noEmit) || status=1
else note "ui/node_modules is missing: run ./dev setup"; status=1; fi

say "clang-tidy"
if [ -f build/dev/compile_commands.json ]; then
  files=("$@")
  [ ${#files[@]} -gt 0 ] || mapfile -t files < <(git ls-files -co --exclude-standard 'src/*.cpp' 'apps/*.cpp')
  printf '%s\0' "${files[@]}" | xargs -0 -r -P "$(jobs_count)" -n 1 clang-tidy-14 -p build/dev --quiet 2>/dev/null | tee build/clang-tidy.log
  ! grep -qE 'warning:|error:' build/clang-tidy.log || status=1
else note "no build/dev: run ./dev build dev first"; status=1; fi
exit $status
