#!/usr/bin/env bash
# Packs the package and installs it into an empty folder where no compiler can be found, without install scripts; then
# both module systems and the command have to work there. `npm run prebuild` comes first.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
  echo "test-package: $*" >&2
  exit 1
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin" "$work/app"

binaries=(prebuilds/linux-*/*.node)
[[ -e ${binaries[0]} ]] || fail 'there is no prebuilt binary: npm run prebuild'
scripts/check-binary.sh "${binaries[@]}"
npm pack --silent --pack-destination "$work"

# A PATH that has Node, and nothing that could build.
for tool in node npm sh env; do
  ln -s "$(command -v "$tool")" "$work/bin/$tool"
done
bare=(env "PATH=$work/bin")
for tool in cc c++ gcc g++ clang make cmake python3; do
  if "${bare[@]}" sh -c "command -v $tool"; then fail "$tool can be found"; fi
done

cp test/package/smoke.* "$work/app"
cd "$work/app"
"${bare[@]}" npm init -y >/dev/null
"${bare[@]}" npm install --ignore-scripts --no-audit --no-fund "$work"/padata-*.tgz
"${bare[@]}" node smoke.mjs
"${bare[@]}" node smoke.cjs
"${bare[@]}" node_modules/.bin/padata cpus
echo 'test-package: the packed package works'
