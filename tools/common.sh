# Shared by the scripts behind ./dev. Sourced, from the root of the project.
say()  { printf '\033[1m==>\033[0m %s\n' "$*"; }
note() { printf '    %s\n' "$*"; }
die()  { printf 'dev: %s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# Runs a command as root: directly, or by sudo. Says what to run by hand when neither is possible.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif have sudo; then sudo "$@"
  else die "this needs root and there is no sudo. As root, run:  $*"; fi
}

jobs_count() { nproc 2>/dev/null || echo 2; }
