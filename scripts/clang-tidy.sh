#!/usr/bin/env bash
# clang-tidy over native/src, with the compile commands of the clang preset.
set -euo pipefail
cd "$(dirname "$0")/.."

[[ -e native/build/clang/compile_commands.json ]] || (cd native && cmake --preset clang)
run-clang-tidy -quiet -j 2 -p native/build/clang 'native/src/'
