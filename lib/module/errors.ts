/**
 * How an error crosses between isolates, whatever was thrown. An error and those that it refers to are encoded as a list, so
 * that cycles and long chains of causes do no harm; what cannot cross is left out.
 */
import { types } from 'node:util';
import { asError } from '../internal/as-error.js';
import { deserialize, serialize } from './clone.js';
import { AGGREGATE_ERROR, DOM_EXCEPTION, hide, kindOf, makeError } from './error-kinds.js';
import { holdsForeign } from './survey.js';

/** How many errors of a chain or tree of causes come along. */
const MOST_ERRORS = 100;

/** A value that an error holds: another error of the list, or bytes. Neither: it could not be encoded. */
interface Part {
  error?: number;
  bytes?: Uint8Array;
}

interface Item {
  kind: number;
  name: string;
  message: string;
  stack: string | undefined;
  cause: Part | undefined;
  /** An AggregateError's. */
  errors: Part[] | undefined;
  own: [key: string, Part][];
}

/** Whatever was thrown, as bytes of their own. Never throws itself. */
export function encodeError(error: unknown): Uint8Array {
  try {
    return serialize(new Encoder(isError(error) ? error : strange(error)).items);
  } catch {
    return serialize(new Encoder(new Error('the module function threw an error that cannot be described')).items);
  }
}

/**
 * @param callerStack the `stack` of an Error made where the job was submitted, less its first line
 */
export function decodeError(bytes: Uint8Array, callerStack?: string): Error {
  const items = deserialize(bytes) as Item[];
  const errors = items.map(({ kind, name, message }) => makeError(kind, name, message));
  items.forEach((item, index) => {
    complete(errors[index] as Error, item, errors);
  });
  const error = errors[0] as Error;
  if (callerStack)
    hide(error, 'stack', `${error.stack}\n    --- in an isolate of padata, for a job submitted ---\n${callerStack}`);
  return error;
}

/** What is thrown, but no Error, has no frames to show. */
function strange(value: unknown): Error {
  const error = asError(value, 'the module function threw');
  hide(error, 'stack', `${error.name}: ${error.message}`);
  return error;
}

class Encoder {
  readonly items: Item[] = [];
  readonly #indices = new Map<object, number>();
  readonly #open: object[] = [];

  constructor(error: object) {
    this.#indexOf(error);
    for (let next = this.#open.shift(); next !== undefined; next = this.#open.shift())
      this.items.push(this.#item(next));
  }

  #item(error: object): Item {
    const kind = attempt(() => kindOf(error)) ?? 0;
    return {
      kind,
      name: text(read(error, 'name')) ?? 'Error',
      message: text(read(error, 'message')) ?? '',
      stack: text(read(error, 'stack')),
      cause: this.#cause(error),
      errors: kind === AGGREGATE_ERROR ? this.#errors(error) : undefined,
      own: this.#own(error, kind),
    };
  }

  #cause(error: object): Part | undefined {
    return attempt(() => Object.hasOwn(error, 'cause')) ? this.#part(read(error, 'cause')) : undefined;
  }

  #errors(error: object): Part[] | undefined {
    const errors = attempt(() => Array.from((read(error, 'errors') as unknown[]).slice(0, MOST_ERRORS)));
    return errors?.map((one) => this.#part(one));
  }

  /** And `code`, even if the error has it from its class. A DOMException gets its own anyway. */
  #own(error: object, kind: number): [string, Part][] {
    const keys = new Set(attempt(() => Object.keys(error)));
    if (kind !== DOM_EXCEPTION && read(error, 'code') !== undefined) keys.add('code');
    const own = [...keys].map((key): [string, Part] => [key, this.#part(read(error, key))]);
    return own.filter(([, part]) => part.error !== undefined || part.bytes !== undefined);
  }

  #part(value: unknown): Part {
    if (isError(value)) return { error: this.#indexOf(value) };
    return { bytes: attempt(() => (isClonable(value) ? serialize(value) : undefined)) };
  }

  /** Errors come to the list in the order in which they get their index. */
  #indexOf(error: object): number | undefined {
    const known = this.#indices.get(error);
    if (known !== undefined || this.#indices.size === MOST_ERRORS) return known;
    const index = this.#indices.size;
    this.#indices.set(error, index);
    this.#open.push(error);
    return index;
  }
}

function isError(value: unknown): value is object {
  return attempt(() => types.isNativeError(value) || value instanceof Error) === true;
}

function isClonable(value: unknown): boolean {
  return typeof value !== 'object' || value === null || !holdsForeign(value);
}

/** A property may be a getter that throws, or the error a Proxy. */
function read(error: object, key: string): unknown {
  return attempt(() => Reflect.get(error, key));
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}

function complete(error: Error, item: Item, errors: readonly Error[]): void {
  const value = ({ error: index, bytes }: Part) => (index !== undefined ? errors[index] : bytes && deserialize(bytes));
  if (item.cause !== undefined) hide(error, 'cause', value(item.cause));
  if (item.errors !== undefined) hide(error, 'errors', item.errors.map(value));
  for (const [key, part] of item.own) {
    Object.defineProperty(error, key, { value: value(part), enumerable: true, writable: true, configurable: true });
  }
  hide(error, 'stack', item.stack ?? `${item.name}: ${item.message}`);
}
