/** The only place that loads the native addon, and the only description of what it offers. */
import { join } from 'node:path';

/** What the addon exports. Native code trusts its callers: the arguments were checked before they come here. */
// biome-ignore lint/suspicious/noEmptyInterface: the members come with the binding
export interface Binding {}

/** Both lib/ and dist/ are one level below the root of the package. */
const root = join(__dirname, '..');

function load(): Binding {
  const find = require('node-gyp-build') as (root: string) => Binding;
  try {
    return find(root);
  } catch (cause) {
    const platform = `${process.platform}-${process.arch}`;
    const remedy = 'padata is for Linux; in a checkout of it, run `npm run build`';
    throw new Error(
      `padata: the native addon for ${platform} cannot be loaded (${remedy}): ${(cause as Error).message}`,
      {
        cause,
      },
    );
  }
}

export const binding: Binding = load();
