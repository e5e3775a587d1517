/** Inside an isolate: a module, its export, and what its setup() came to. */
import { types } from 'node:util';
import { asError } from '../internal/as-error.js';
import { absent, type Exports, exportOf, importModule, namesOf } from './exports.js';
import { collect, collectAsync, isAsyncGenerator } from './generators.js';

type AnyFunction = (input: unknown, context: unknown) => unknown;

/** An export, ready to be called. */
export interface Loaded {
  /** The result, or a promise of it; of a generator, the array of what it yields. Throws what the function throws. */
  call(input: unknown, context: unknown): unknown;
  /** The same, with arguments of another kind. */
  callWith(...args: unknown[]): unknown;
  /** Declared async, or an async generator, or the module's setup() was async. */
  readonly isAsync: boolean;
  /** What setup() came to, or undefined. */
  readonly state: unknown;
}

/** A module and its state. */
interface Module {
  readonly exports: Exports;
  readonly state: unknown;
  readonly isAsync: boolean;
}

const modules = new Map<string, Promise<Module>>();
const functions = new Map<string, Promise<Loaded>>();

/**
 * Imports a module, once per isolate; calls its setup(), once; finds the export. A failure is remembered, too: to try again
 * would give the same, as Node remembers it.
 */
export function load(url: string, name: string): Promise<Loaded> {
  return remembered(functions, `${url}\0${name}`, () => loadFunction(url, name));
}

function remembered<T>(known: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const found = known.get(key) ?? make();
  known.set(key, found);
  return found;
}

async function loadFunction(url: string, name: string): Promise<Loaded> {
  const subject = `export ${name} of ${url}`;
  const module = await remembered(modules, url, () => loadModule(url)).catch((reason: unknown) => {
    throw explain(`The ${subject} cannot be called`, reason);
  });
  const exported = exportOf(module.exports, name);
  if (exported === absent) throw missing(subject, module.exports);
  if (typeof exported !== 'function')
    throw new TypeError(`The ${subject} must be a function, but is ${kind(exported)}`);
  return prepare(exported as AnyFunction, module);
}

async function loadModule(url: string): Promise<Module> {
  const exports = await importModule(url);
  const setup = exportOf(exports, 'setup');
  if (setup === absent) return { exports, state: undefined, isAsync: false };
  if (typeof setup !== 'function') throw new TypeError(`its export setup must be a function, but is ${kind(setup)}`);
  return { exports, state: await callSetup(setup as () => unknown), isAsync: types.isAsyncFunction(setup) };
}

async function callSetup(setup: () => unknown): Promise<unknown> {
  try {
    return await setup();
  } catch (reason) {
    throw explain('its setup() failed', reason);
  }
}

function prepare(fn: AnyFunction, { state, isAsync: isSetupAsync }: Module): Loaded {
  const isAsync = isSetupAsync || types.isAsyncFunction(fn);
  const callWith = (...args: unknown[]) => settle((fn as (...args: unknown[]) => unknown)(...args));
  return { call: (input, context) => settle(fn(input, context)), callWith, isAsync, state };
}

function settle(result: unknown): unknown {
  if (typeof result !== 'object' || !types.isGeneratorObject(result)) return result;
  return isAsyncGenerator(result) ? collectAsync(result) : collect(result);
}

function missing(subject: string, exports: Exports): Error {
  const names = namesOf(exports);
  return new TypeError(`There is no ${subject}; it exports ${names.length === 0 ? 'nothing' : names.join(', ')}`);
}

/** What happened, with the text of why; the code and the class of syntax errors stay. */
function explain(text: string, reason: unknown): Error {
  const cause = asError(reason, 'it threw');
  const type = cause instanceof SyntaxError ? SyntaxError : Error;
  const error = new type(`${text}: ${cause.message}`, { cause });
  const { code } = cause as { code?: unknown };
  return code === undefined ? error : Object.assign(error, { code });
}

function kind(value: unknown): string {
  return value === null ? 'null' : typeof value;
}
