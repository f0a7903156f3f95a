#!/usr/bin/env bash
# ./dev bench peers [PASSAGES [VECTORS [FOLDER]]]: BM25 and vector search against named peers, side by side.
# ./dev bench vectors [VECTORS [FOLDER [PEER...]]]: vector search alone, against some of them. Fetches the
# peers by exact version into build/peers (nothing of them is committed), gives all the same data, prints ratios.
# PASSAGES resampled passages for BM25 (1,000,000), VECTORS synthetic vectors (200,000); FOLDER has the real vectors,
# SET.passages.f32 and SET.queries.f32 (build/vectors; what is missing is encoded, half an hour on two cores).
# What is there is used again. With 1,000,000 and 200,000: 12 GB of disk, 8 GB of memory, about an hour.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tools/common.sh
what="$1"; shift
passages=0
if [ "$what" = peers ]; then passages="${1:-1000000}"; [ $# -gt 0 ] && shift; fi
vectors="${1:-200000}" folder="${2:-build/vectors}" wanted=("${@:3}")
peers=build/peers source=bench/peers
sets=(en-xquad fr-cnil en-cranfield fr-piaf en-dl19)
lucene=9.12.3 lucene_sha256=b64a3f8098a7572034fb30085cdee01b34ec81fb0e5a31b471536af58dc6c01b
newer=10.6.0 newer_sha256=211424f423ff1afeb891095c2142a20a572e545906251f28b8faaa408d01f934
xapian=1.4.22-1

for set in "${sets[@]}"; do [ -f "../shared/eval/$set/corpus.jsonl" ] || die "missing: ../shared/eval/$set (BEIR layout)"; done
mkdir -p "$peers/data" "$folder"

fetch_python() {
  local stamp; stamp="$(cat "$source"/requirements*.txt | sha256sum)"
  [ "$(cat "$peers/venv.stamp" 2>/dev/null)" = "$stamp" ] && { note "PyPI: there"; return; }
  say "PyPI: faiss-cpu, usearch, hnswlib"
  rm -rf "$peers/venv"; python3 -m venv "$peers/venv"
  local pip=("$peers/venv/bin/pip" install -q --disable-pip-version-check --no-deps --require-hashes)
  "${pip[@]}" --only-binary :all: -r "$source/requirements.txt"
  "${pip[@]}" --no-build-isolation --no-binary hnswlib -r "$source/requirements-source.txt"
  echo "$stamp" >"$peers/venv.stamp"
}

fetch_debian() {
  /usr/bin/python3 -c 'import sqlite3; sqlite3.connect(":memory:").execute("CREATE VIRTUAL TABLE t USING fts5(a)")' ||
    die "Debian's python3 has no SQLite with FTS5"
  [ "$(dpkg-query -W -f='${Version}' python3-xapian 2>/dev/null)" = "$xapian" ] && { note "Xapian $xapian: there"; return; }
  say "Xapian $xapian"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "python3-xapian=$xapian" >/dev/null
}

# fetch_lucene FOLDER VERSION SHA256 JDK: the jar, and our program compiled for it
fetch_lucene() {
  local into="$peers/$1" jar="$peers/$1/lucene-core-$2.jar" jdk="$4"
  if [ ! -f "$jar" ]; then
    say "Lucene $2"
    mvn -q -B -Dstyle.color=never dependency:copy -Dartifact="org.apache.lucene:lucene-core:$2" -DoutputDirectory="$PWD/$into"
  fi
  echo "$3  $jar" | sha256sum --check --quiet || { rm -f "$jar"; die "Lucene $2: not the bytes that were expected"; }
  rm -rf "$into/classes"
  "$jdk/javac" -d "$into/classes" -cp "$jar" "$source/lucene/LucenePeer.java"
  echo "$jdk/java" >"$into/java"
}

fetch_lucenes() {
  have mvn && have javac || die "Lucene needs Java 17 or newer and Maven: apt-get install openjdk-17-jdk-headless maven"
  fetch_lucene lucene "$lucene" "$lucene_sha256" "$(dirname "$(command -v javac)")"
  local javac  # Lucene 10 wants Java 21
  for javac in "$(command -v javac)" /usr/lib/jvm/*/bin/javac; do
    [ "$("$javac" -version 2>&1 | sed 's/javac \([0-9]*\).*/\1/')" -ge 21 ] || continue
    fetch_lucene lucene10 "$newer" "$newer_sha256" "$(dirname "$javac")"
    return
  done
  note "no Java 21: without Lucene $newer"
}

build_tantivy() {
  have cargo || die "tantivy needs Rust's cargo"
  mkdir -p "$peers/tantivy/src"
  cp "$source/tantivy/Cargo.toml" "$peers/tantivy/"; cp -u "$source/tantivy/src/main.rs" "$peers/tantivy/src/"
  say "tantivy (crates.io)"
  cargo build --release --quiet --manifest-path "$peers/tantivy/Cargo.toml"
}

encode_missing() {
  local set kind file
  for set in "${sets[@]}"; do
    for kind in passage query; do
      case $kind in passage) file=corpus out="$set.passages.f32" ;; query) file=queries out="$set.queries.f32" ;; esac
      [ -f "$folder/$out" ] && continue
      [ -x build/release/bench/encode_corpus ] || bash tools/build.sh release encode_corpus
      say "encoding $out"
      build/release/bench/encode_corpus .deps/models/multilingual-e5-small-q4_0.gguf .deps/llama/lib \
        "../shared/eval/$set/$file.jsonl" "$kind" "$folder/$out.part"
      mv "$folder/$out.part" "$folder/$out"
    done
  done
}

fetch_python
bash tools/build.sh release dump_terms dump_vectors terms_renvoi vectors_renvoi
encode_missing
if [ "$what" = peers ]; then
  fetch_debian
  fetch_lucenes
  build_tantivy
  if [ "$(cat "$peers/data/stamp" 2>/dev/null)" != "$passages" ]; then
    say "the terms of $passages passages"
    build/release/bench/peers/dump_terms "$peers/data" "$passages" "${sets[@]/#/../shared/eval/}"
    echo "$passages" >"$peers/data/stamp"
  fi
  say "BM25"
  "$peers/venv/bin/python" -B "$source/measure_terms.py"
fi
say "vectors"
"$peers/venv/bin/python" -B "$source/measure_vectors.py" "$folder" "$vectors" "${wanted[@]}"
note "tables and figures: $peers/*.md, $peers/*.json"
