#!/usr/bin/env bash
# Checks the format and the habits of all sources. C++ is checked where clang-format is installed.
set -euo pipefail
cd "$(dirname "$0")/.."

node_modules/.bin/biome check --error-on-warnings .
mapfile -d '' native < <(git ls-files -z 'native/*.h' 'native/*.cc' 'bench/native/*.h' 'bench/native/*.cc' 'test/fixtures/*.c' 'test/fixtures/*.h' 'examples/*.c' 'examples/*.h')
if command -v clang-format >/dev/null; then
  clang-format --dry-run -Werror "${native[@]}"
else
  echo "lint: clang-format is not installed: ${#native[@]} C and C++ files were not checked"
fi
# The README's numbers are those of the full run that is kept.
node bench/readme.mjs --check
