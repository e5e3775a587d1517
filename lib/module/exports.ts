/** What a module exports, whichever kind of module it is: ESM, CommonJS, or ESM that was transpiled to CommonJS. */
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

type Names = Readonly<Record<string, unknown>>;

/** A module that was imported. */
export interface Exports {
  /** What import() gave. */
  readonly namespace: Names;
  /** `module.exports`, if it is CommonJS: Node sees its names only as far as they are plain in the text. */
  readonly inner: Names | undefined;
}

/** For a name that is not exported. */
export const absent: unique symbol = Symbol('absent');

export async function importModule(url: string): Promise<Exports> {
  const namespace = (await import(url)) as Names;
  const exported = namespace.default;
  const isObject = (typeof exported === 'object' && exported !== null) || typeof exported === 'function';
  return { namespace, inner: isObject && isCommonJs(url, exported) ? (exported as Names) : undefined };
}

/** Either Node's own loader has it as such, or whoever transpiled it has marked it. */
function isCommonJs(url: string, exported: object): boolean {
  if (Object.hasOwn(exported, '__esModule')) return true;
  return url.startsWith('file:') && require.cache[realpathSync(fileURLToPath(url))]?.exports === exported;
}

/** The export, or `absent`. */
export function exportOf({ namespace, inner }: Exports, name: string): unknown {
  // Of what was transpiled, the default export is the one inside.
  const isInner = inner !== undefined && Object.hasOwn(inner, name);
  if (name === 'default' && isInner) return inner[name];
  if (Object.hasOwn(namespace, name)) return namespace[name];
  return isInner ? inner[name] : absent;
}

/** The names that there are, for the text of an error. */
export function namesOf({ namespace, inner = {} }: Exports): string[] {
  const names = new Set([...Object.keys(namespace), ...Object.keys(inner)]);
  names.delete('module.exports'); // newer Node's name for all of them
  names.delete('__esModule');
  return [...names];
}
