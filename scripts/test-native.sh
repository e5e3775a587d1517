#!/usr/bin/env bash
# Builds and runs the native tests: `scripts/test-native.sh PRESET…`, presets of native/CMakePresets.json.
set -euo pipefail
cd "$(dirname "$0")/../native"

# ThreadSanitizer of older compilers cannot live with the address randomization of newer kernels.
run=()
if setarch --addr-no-randomize true 2>/dev/null; then
  run=(setarch --addr-no-randomize)
fi

for preset in "${@:-default}"; do
  echo "== native tests: $preset"
  cmake --preset "$preset"
  cmake --build --preset "$preset"
  "${run[@]}" ctest --preset "$preset"
done
