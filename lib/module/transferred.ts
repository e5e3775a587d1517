import type { Transferable } from 'node:worker_threads';
import { typeError } from '../internal/validate.js';

/** What a module function returns, with what of it is to be moved rather than copied. Made by `move()`. */
export class Transferred<out T = unknown> {
  /** Only for the types: no other object is one of these. */
  declare protected readonly __value: T;
  /** @internal */
  readonly value: T;
  /** @internal */
  readonly transferList: readonly Transferable[];

  /** @internal */
  constructor(value: T, transferList: readonly Transferable[]) {
    this.value = value;
    this.transferList = transferList;
  }
}

/**
 * For what a module function returns: the result is `value`, and what the list names is moved to the submitter rather than copied; in
 * the isolate it is gone. Worth it for large ArrayBuffers inside of objects, and needed for MessagePorts and streams. A
 * Uint8Array alone is quicker without it.
 *
 * @example
 * export function load(path: string) {
 *   const pixels = decode(path);
 *   return move({ width: 640, pixels }, [pixels.buffer]);
 * }
 *
 * @param transferList ArrayBuffers, MessagePorts, streams and what else `postMessage()` of node:worker_threads takes
 */
export function move<T>(value: T, transferList: readonly Transferable[]): Transferred<T> {
  if (!Array.isArray(transferList)) throw typeError('transferList', 'an array', transferList);
  return new Transferred(value, [...transferList]);
}
