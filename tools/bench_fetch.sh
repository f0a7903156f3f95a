#!/usr/bin/env bash
# ./dev bench fetch [PAGES [ROUNDS]]: pages a second of the crawler's fetch path beside Scrapy's, both against nginx on
# loopback with 200 host names (bench/fetch). Scrapy comes by exact version and SHA-256 into build/fetch, nginx from Debian.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tools/common.sh
pages="${1:-10000}" rounds="${2:-3}"
work=build/fetch source=bench/fetch
nginx=1.22.1  # of Debian 12, with whatever security updates it has

[ -d ../shared/eval/html-scrapinghub/html ] || die "missing: ../shared/eval/html-scrapinghub"
mkdir -p "$work"
stamp="$(sha256sum "$source/requirements.txt")"
if [ "$(cat "$work/venv.stamp" 2>/dev/null)" = "$stamp" ]; then
  note "PyPI: there"
else
  say "PyPI: Scrapy"
  rm -rf "$work/venv"; python3 -m venv "$work/venv"
  "$work/venv/bin/pip" install -q --disable-pip-version-check --no-deps --require-hashes --only-binary :all: -r "$source/requirements.txt"
  echo "$stamp" >"$work/venv.stamp"
fi
case "$(dpkg-query -W -f='${Version}' nginx 2>/dev/null)" in
  "$nginx"-*) note "nginx $nginx: there" ;;
  *)  # Its service is not started: the bench runs one of its own, on loopback, and ends it.
    say "nginx $nginx"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nginx >/dev/null
    ! have systemctl || as_root systemctl disable --now nginx >/dev/null 2>&1 || true ;;
esac
bash tools/build.sh release bench_fetch
say "pages a second"
python3 -B "$source/measure.py" "$pages" "$rounds" "$work/venv/bin/python"
note "table and figures: $work/fetch.md, $work/fetch.json"
