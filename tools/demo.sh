#!/usr/bin/env bash
# ./dev demo: a documentation site served on this machine is crawled, questioned, loses a page, and is questioned again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tools/common.sh

bash tools/setup.sh
bash tools/build.sh release renvoi

help=/usr/share/libreoffice/help
[ -d "$help/fr/text/swriter" ] && [ -d "$help/en-US/text/swriter" ] ||
  die "$help/{fr,en-US}/text/swriter is missing. As root: apt-get install --reinstall libreoffice-help-fr libreoffice-help-en-us libreoffice-help-common"

demo=build/demo
rm -rf "$demo"; mkdir -p "$demo"
renvoi=(build/release/apps/renvoi/renvoi --config "$demo/config.toml" --data "$demo/data")
site_process= server_process=
clean_up() {
  for process in "$server_process" "$site_process"; do
    [ -z "$process" ] || { kill "$process" 2>/dev/null || true; wait "$process" 2>/dev/null || true; }
  done
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Waits for a command to succeed, 30 s at most, as long as a process lives.
wait_for() {
  local process="$1"; shift
  for _ in $(seq 300); do
    "$@" >/dev/null 2>&1 && return 0
    kill -0 "$process" 2>/dev/null || return 1
    sleep 0.1
  done
  return 1
}
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

port="$(free_port)"
printf '[server]\nport = %s\n' "$port" >"$demo/config.toml"

say "a site on this machine: the help of LibreOffice, from Debian's packages"
python3 -B tools/demo/site_server.py "$help" "$demo/taken_away" "$demo/address" &
site_process=$!
wait_for "$site_process" test -s "$demo/address" || die "the demonstration's web server did not start"
site="$(cat "$demo/address")"
note "$site, pages of Writer: $(find "$help/fr/text/swriter" -name '*.html' | wc -l) in French, $(find "$help/en-US/text/swriter" -name '*.html' | wc -l) in English"
note "the part that is crawled is Writer's ($(find "$help/fr/text" "$help/en-US/text" -name '*.html' | wc -l) pages in all): it takes some minutes on two cores"

started=$SECONDS
for language in fr en-US; do
  prefix="/$language/text/swriter/"
  say "renvoi add $site$prefix"
  # Loopback is a private address: a site there is read only when that is asked for.
  "${renvoi[@]}" add "$site$prefix" --allow-private --prefix "$prefix" --max-pages 1000 --delay-ms 0
done
note "crawled and indexed in $((SECONDS - started)) s"

ask() { printf '\n'; say "renvoi ask \"$1\""; "${renvoi[@]}" ask "$1"; }
in_french="Comment insérer une note de bas de page ?"
ask "$in_french"
ask "Comment supprimer un saut de page manuel ?"
ask "How does LibreOffice count words?"
ask "How do I switch off word completion?"

printf '\n'
cited="$("${renvoi[@]}" --json ask "$in_french" | python3 -B tools/demo/cited.py first)" ||
  die "the first question got no citation: nothing to take away"
say "now the site loses the page that was cited first: $cited"
printf '%s\n' "/${cited#"$site"/}" >>"$demo/taken_away"
ask "$in_french"
if "${renvoi[@]}" --json ask "$in_french" | python3 -B tools/demo/cited.py has "$cited"; then
  die "the page is gone and is still cited: $cited"
fi
note "$cited is cited no more; the reason stands above"

printf '\n'; say "renvoi stats"
"${renvoi[@]}" stats

[ -t 1 ] && [ -t 0 ] || { say "the demonstration is over (no terminal: nothing is left running)"; exit 0; }
printf '\n'
"${renvoi[@]}" serve >"$demo/serve.log" 2>&1 &
server_process=$!
wait_for "$server_process" curl -fs -o /dev/null "http://127.0.0.1:$port/healthz" || { tail -5 "$demo/serve.log" >&2; die "renvoi serve did not start"; }
say "ask it yourself: http://127.0.0.1:$port/   (Ctrl-C ends it)"
wait "$server_process" || die "renvoi serve ended: $(tail -3 "$demo/serve.log")"
