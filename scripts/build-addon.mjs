// Builds an addon for development: `node scripts/build-addon.mjs padata` makes build/Release/padata.node, `… fixture` the
// addon of the tests, `… asan` one with sanitizers. With CMake at hand cmake-js builds padata; without it, as on a machine that has Node and a
// compiler only, the compiler is called directly. Both use native/sources.gypi, and neither fetches anything.
// PADATA_BUILD=cmake or PADATA_BUILD=direct decides.

import { fixtureAddon, padataAddon, sanitizedAddon } from './lib/addons.mjs';
import { buildWithCMake, cmakeIsUsable } from './lib/cmake.mjs';
import { buildDirectly } from './lib/direct.mjs';

/** @param {string | undefined} name */
async function main(name) {
  if (name === 'fixture') return buildDirectly(fixtureAddon());
  if (name === 'asan') return buildDirectly(sanitizedAddon());
  if (name !== 'padata') throw new Error('usage: node scripts/build-addon.mjs padata|fixture|asan');
  const how = process.env.PADATA_BUILD ?? (cmakeIsUsable() ? 'cmake' : 'direct');
  if (how === 'cmake') return buildWithCMake(padataAddon().output);
  if (how === 'direct') return buildDirectly(padataAddon());
  throw new Error(`PADATA_BUILD must be cmake or direct, not ${how}`);
}

main(process.argv[2]).catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
