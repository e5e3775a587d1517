/**
 * The fnArg of a multithreaded job as native code takes it: up to three `Uint8Array`s over memory that nobody can take away while threads
 * work on it (invariant 6).
 *
 * A SharedArrayBuffer cannot be transferred, detached or shrunk, and does not move; the job's owner keeps it from being collected. An
 * ordinary ArrayBuffer can be all of that, by whatever JavaScript runs: so it is taken only where none runs until the job is done.
 */
import { types } from 'node:util';
import type { FunctionHandle } from './native-function.js';
import { typeError } from './validate.js';

const MOST_PARTS = 3;
const SHARED = 'a SharedArrayBuffer or a view of one';
const REMEDY = `${SHARED} (copy what you have into one; only doMultithreadedSync without onProgress takes other memory)`;

/** What a codec makes of an fnArg: pieces of memory by the names that errors have for them. */
export type NamedParts = Readonly<Record<string, unknown>>;

/**
 * @param isHeld no JavaScript runs until the job is done
 * @throws TypeError it is no such memory
 */
export function memoryOf(
  fn: FunctionHandle,
  fnArg: unknown,
  start: number,
  end: number,
  isHeld: boolean,
): Uint8Array[] {
  const named = fn.codec.parts?.(fnArg, start, end) ?? plainParts(fn, fnArg);
  return Object.entries(named).map(([name, value]) => bytesOf(name, value, isHeld));
}

function plainParts(fn: FunctionHandle, fnArg: unknown): NamedParts {
  if (fnArg === undefined || fnArg === null) return {};
  if (!fn.takesParts) return { 'job.fnArg': fnArg };
  const list: unknown[] | undefined = Array.isArray(fnArg) ? Array.from(fnArg) : undefined;
  if (list === undefined || list.length > MOST_PARTS) {
    throw typeError('job.fnArg', `an array of up to ${MOST_PARTS} pieces of memory, each ${SHARED}`, fnArg);
  }
  return Object.fromEntries(list.map((part, index) => [`job.fnArg[${index}]`, part]));
}

function bytesOf(name: string, value: unknown, isHeld: boolean): Uint8Array {
  const bytes = viewOf(value);
  if (bytes === undefined) throw typeError(name, SHARED, value);
  if (!isHeld && !types.isSharedArrayBuffer(bytes.buffer)) throw typeError(name, REMEDY, value);
  return bytes;
}

/** A view of our own: what the value says of itself is looked at here, once. */
function viewOf(value: unknown): Uint8Array | undefined {
  if (types.isAnyArrayBuffer(value)) return new Uint8Array(value, 0, value.byteLength);
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return undefined;
}
