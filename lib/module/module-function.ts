import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import { checkName, rangeError, typeError } from '../internal/validate.js';
import type { Transferred } from './transferred.js';

/** What a module function is called with besides its input. */
export interface ModuleContext<State = unknown> {
  /**
   * Aborted when the job's signal is, with its reason; asynchronous functions should stop then. A function that does not return to the event loop
   * cannot see it: see `hard` and `timeLimitMs` of {@link ModuleJobOptions}.
   */
  readonly signal: AbortSignal;
  /** The CPU that the isolate is pinned to. */
  readonly cpu: number;
  /** The CPU on which serial() is to run. */
  readonly cbCpu: number;
  /** The job's position in the order of its shell, from 0 on; -1 in a call by `broadcast()`. */
  readonly seqNr: number;
  /** What the module's `setup()` returned, awaited; undefined if it exports none. */
  readonly state: State;
}

/**
 * The signature of an export that `moduleFunction()` names. It may be asynchronous. What a generator yields becomes an array.
 *
 * Input and result cross as with `structuredClone()`; a Uint8Array takes only its own bytes along, and nested Buffers, too.
 * Errors keep their class where it is a built-in one, `name`, `code`, `cause` and own properties.
 *
 * @typeParam I what the job's input is
 * @typeParam O what the job's result will be
 */
export type ModuleFunctionSignature<I = unknown, O = unknown, State = unknown> = (
  input: I,
  context: ModuleContext<State>,
) => Returned<O> | Promise<Returned<O>> | Yielded<O>;

/** What is returned to give an O. */
type Returned<O> = O | Transferred<O>;

/** What gives an array by its elements. */
type Yielded<O> = O extends readonly (infer Element)[]
  ? Generator<Returned<Element>, void> | AsyncGenerator<Returned<Element>, void>
  : never;

/** The key to the constructor, which is not public. */
const key: unique symbol = Symbol('padata.moduleFunction');

/**
 * An export of a module, called in an isolate: a worker_thread pinned to a CPU of the usable parallel mask. Instances come from
 * `moduleFunction()`; the constructor is not public.
 *
 * @typeParam I what `job.data` has to be
 * @typeParam O what `job.result` will be
 */
export class ModuleFunction<in I = unknown, out O = unknown> {
  /** Where the module is: a URL with `file:`, `data:` or `node:`. */
  readonly url: string;
  /** The name of the export. */
  readonly name: string;
  /** From 1 on; the same for the same url and name, in one environment. @internal */
  readonly id: number;
  /** The thread function of a multithreaded job. @internal */
  readonly isRange: boolean;
  /** Only for the types. @internal */
  declare readonly __input?: (input: I) => void;
  /** Only for the types. @internal */
  declare readonly __output?: O;

  /** @internal */
  constructor(secret: typeof key, url: string, name: string, id: number, isRange = false) {
    if (secret !== key) throw new TypeError('ModuleFunction has no public constructor; use moduleFunction()');
    this.url = url;
    this.name = name;
    this.id = id;
    this.isRange = isRange;
    Object.freeze(this);
  }
}

const known = new Map<string, ModuleFunction<never, unknown>>();

/**
 * Names an export of a module whose calls are to run in parallel, each in an isolate on a pinned CPU. The module is loaded there, by
 * the first job that needs it: as ESM, CommonJS, or TypeScript where the running Node loads it. That it cannot be loaded, or has no such
 * function, is the error of the job.
 *
 * An export `setup`, a function without parameters that may be asynchronous, is called once in each isolate before the first
 * job; what it returns is `context.state` of all calls. It is the place to load models or tables.
 *
 * @example
 * const hash = moduleFunction<Uint8Array, string>(new URL('./hash.mjs', import.meta.url));
 * const sums = await shell.map(files, hash);
 *
 * @param module a URL, its text, or an absolute path. A relative one would not say relative to what:
 *               `new URL('./work.mjs', import.meta.url)` in ESM and `require.resolve('./work.js')` in CommonJS do.
 * @param name   the export; of a CommonJS module that is a function, `'default'` is that function
 * @returns the same object for the same module and name
 * @throws TypeError the module is something else, or its URL has another protocol
 * @throws RangeError the name is empty, or 'setup'
 */
export function moduleFunction<I = unknown, O = unknown>(module: URL | string, name = 'default'): ModuleFunction<I, O> {
  const url = urlOf(module);
  checkName('name', name);
  if (name === 'setup') throw rangeError('name', 'another export than setup, which is called by itself', name);
  const text = `${url}\0${name}`;
  const found = known.get(text) ?? new ModuleFunction(key, url, name, known.size + 1);
  known.set(text, found);
  return found as ModuleFunction<I, O>;
}

/** The same export as the thread function of a multithreaded job: isolates call it with (start, end, arg). @internal */
export function rangeFunction(fn: ModuleFunction<never, unknown>): ModuleFunction<never, unknown> {
  const text = `${fn.url}\0${fn.name}\0range`;
  const found = known.get(text) ?? new ModuleFunction(key, fn.url, fn.name, known.size + 1, true);
  known.set(text, found);
  return found;
}

function urlOf(module: unknown): string {
  if (typeof module === 'string' && isAbsolute(module)) return pathToFileURL(module).href;
  const url = module instanceof URL ? module : typeof module === 'string' ? parse(module) : undefined;
  if (url !== undefined && /^(file|data|node):$/.test(url.protocol)) return url.href;
  throw typeError(
    'module',
    "a URL with file:, data: or node:, or an absolute path; for example new URL('./work.mjs', import.meta.url), " +
      "or require.resolve('./work.js')",
    module,
  );
}

function parse(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
