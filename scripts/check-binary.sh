#!/usr/bin/env bash
# Looks at binaries that are to be published: `scripts/check-binary.sh FILE.node…`. They must stay mapped (NODELETE), bring
# their own C++ library, and export nothing but what Node-API calls. Says which glibc they ask for.
set -euo pipefail

fail() {
  echo "check-binary: $*" >&2
  exit 1
}

for file in "$@"; do
  dynamic=$(readelf --dynamic --wide "$file")
  grep -q 'Flags:.*NODELETE' <<<"$dynamic" || fail "$file is not linked with -z nodelete"
  if grep -E 'NEEDED.*(libstdc\+\+|libgcc_s)' <<<"$dynamic"; then fail "$file needs a C++ library at run time"; fi
  exports=$(nm --dynamic --defined-only "$file" | awk '{ print $3 }' | grep -v '^napi_\|^node_api_' || true)
  [[ -z $exports ]] || fail "$file exports" $exports
  glibc=$(nm --dynamic --undefined-only "$file" | grep -o 'GLIBC_[0-9.]*' | sort --version-sort --unique | tail -1)
  echo "$file: $(stat --format=%s "$file") bytes, asks for $glibc"
done
