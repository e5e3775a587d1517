#!/usr/bin/env bash
# The tests of memory and of the mechanism inside Node, with an addon that AddressSanitizer and UndefinedBehaviorSanitizer
# watch. Node itself is not instrumented, so the runtime is preloaded. Arguments are test files, instead of these.
set -euo pipefail
cd "$(dirname "$0")/.."

files=("$@")
if ((${#files[@]} == 0)); then
  files=(test/memory-safety test/conformance/invariants test/conformance/kernel-rules test/lifecycle/end-of-process
    test/unit/{shell,job,map,native-function,functions}.test.ts)
fi

npm run --silent build:ts
npm run --silent build:fixture
node scripts/build-addon.mjs asan

export LD_PRELOAD PADATA_PREBUILD ASAN_OPTIONS UBSAN_OPTIONS PADATA_LIFECYCLE PADATA_STRESS_JOBS
LD_PRELOAD=$("${CXX:-c++}" -print-file-name=libasan.so)
PADATA_PREBUILD=$PWD/build/asan
# What Node and V8 never free is no leak of ours.
ASAN_OPTIONS=detect_leaks=0:detect_stack_use_after_return=1
UBSAN_OPTIONS=print_stacktrace=1
PADATA_LIFECYCLE=${PADATA_LIFECYCLE:-1}
PADATA_STRESS_JOBS=${PADATA_STRESS_JOBS:-50000}
node node_modules/vitest/vitest.mjs run "${files[@]}"
