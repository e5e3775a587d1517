#!/usr/bin/env bash
# Formats all sources.
set -euo pipefail
cd "$(dirname "$0")/.."

node_modules/.bin/biome check --write .
git ls-files -z 'native/*.h' 'native/*.cc' 'bench/native/*.h' 'bench/native/*.cc' 'test/fixtures/*.c' 'test/fixtures/*.h' 'examples/*.c' 'examples/*.h' | xargs -0 clang-format -i
