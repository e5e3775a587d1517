/**
 * How the input and the result of a module function cross between isolates: as a type, a number and bytes. The meaning is that of
 * structuredClone, but a Uint8Array takes only its own bytes along, not the rest of the buffer that it is a view of.
 */
import type { Transferable } from 'node:worker_threads';
import { deserialize, serialize } from './clone.js';
import { decodeError } from './errors.js';
import { holdsForeign, isSmallTree } from './survey.js';
import { fromLatin1, fromUtf8, fromUtf16, isAscii, toBytes } from './text.js';

/** undefined. The first three are PADATA_RESULT_NONE, _BYTES and _NUMBER of the C ABI. */
export const NONE = 0;
/** A Uint8Array over an ArrayBuffer, Buffers included; it comes out as a Uint8Array. */
export const BYTES = 1;
export const NUMBER = 2;
/** Bytes as clone.ts makes them. */
export const CLONE = 3;
/** An error: bytes as errors.ts makes them. */
export const FAILURE = 4;
/** Goes by MessagePort: it has a transfer list, or holds what other isolates share or only Node can clone. */
export const MESSAGE = 5;
/** The number says which: 0 null, 1 false, 2 true. */
export const CONSTANT = 6;
/** A string of ASCII characters, a byte for each. */
export const ASCII = 7;
/** Any other string, as UTF-16 of this machine's byte order: a lone surrogate stays what it is. */
export const UTF16 = 8;
/** A small tree of plain objects, as JSON in UTF-8. */
export const JSON_TEXT = 9;

/** What goes by postMessage(value, transfer), now or later. */
export interface Message {
  value: unknown;
  transfer: readonly Transferable[];
}

/** What encode() came to. */
export interface Encoded {
  type: number;
  /** For NUMBER and CONSTANT, or else 0. */
  number: number;
  /** For BYTES the caller's own array; otherwise valid until the next call. */
  bytes: Uint8Array | undefined;
  message: Message | undefined;
}

const encoded: Encoded = { type: NONE, number: 0, bytes: undefined, message: undefined };
const nothing: readonly Transferable[] = [];
const constants = [null, false, true];

/**
 * @returns one object, the same at each call: valid until the next
 * @throws DOMException DataCloneError: the value cannot be cloned, or the transfer list is wrong; what a getter of the value throws
 */
export function encode(value: unknown, transfer: readonly Transferable[] = nothing): Encoded {
  if (transfer !== nothing && transfer.length !== 0) return asMessage(value, transfer);
  switch (typeof value) {
    case 'undefined':
      return as(NONE, 0, undefined);
    case 'number':
      return as(NUMBER, value, undefined);
    case 'boolean':
      return as(CONSTANT, value ? 2 : 1, undefined);
    case 'string':
      return asText(value);
    case 'object':
      return value === null ? as(CONSTANT, 0, undefined) : encodeObject(value);
    default:
      return asClone(value);
  }
}

/**
 * @param bytes for BYTES they are the value, and the receiver's own; otherwise they are only looked at during the call
 */
export function decode(type: number, number: number, bytes: Uint8Array | undefined): unknown {
  switch (type) {
    case NONE:
      return undefined;
    case BYTES:
      return bytes;
    case NUMBER:
      return number;
    case CONSTANT:
      return constants[number];
    default:
      return decodeBytes(type, bytes as Uint8Array);
  }
}

function decodeBytes(type: number, bytes: Uint8Array): unknown {
  switch (type) {
    case CLONE:
      return deserialize(bytes);
    case FAILURE:
      return decodeError(bytes);
    case ASCII:
      return fromLatin1(bytes);
    case UTF16:
      return fromUtf16(bytes);
    case JSON_TEXT:
      return JSON.parse(fromUtf8(bytes));
    default:
      throw new RangeError(`A value of type ${type} is not carried by bytes`);
  }
}

function as(type: number, number: number, bytes: Uint8Array | undefined): Encoded {
  encoded.type = type;
  encoded.number = number;
  encoded.bytes = bytes;
  encoded.message = undefined;
  return encoded;
}

function asText(text: string): Encoded {
  return isAscii(text) ? as(ASCII, 0, toBytes(text, 'latin1')) : as(UTF16, 0, toBytes(text, 'utf16le'));
}

function encodeObject(value: object): Encoded {
  if (isOwnBytes(value)) return as(BYTES, 0, value);
  try {
    if (isSmallTree(value)) return as(JSON_TEXT, 0, toBytes(JSON.stringify(value), 'utf8'));
    if (!holdsForeign(value)) return as(CLONE, 0, serialize(value));
  } catch {
    // structuredClone gets its turn, and says best what is wrong
  }
  return asMessage(value, nothing);
}

/** Not one over a SharedArrayBuffer, which is shared. */
function isOwnBytes(value: object): value is Uint8Array {
  if (!ArrayBuffer.isView(value) || !(value instanceof Uint8Array)) return false;
  return !(value.buffer instanceof SharedArrayBuffer) && (value.length !== 0 || isAttached(value.buffer));
}

/** An array whose buffer was transferred away looks like an empty one, and cannot be cloned. */
function isAttached(buffer: ArrayBuffer): boolean {
  try {
    return new Uint8Array(buffer) !== undefined;
  } catch {
    return false;
  }
}

/** BigInts; and functions and symbols, which V8 refuses. */
function asClone(value: unknown): Encoded {
  return typeof value === 'bigint' ? as(CLONE, 0, serialize(value)) : asMessage(value, nothing);
}

/** A copy is made at once: what is transferred is gone from here, and what happens to the value afterwards does not matter. */
function asMessage(value: unknown, transfer: readonly Transferable[]): Encoded {
  const [copy, moved] = structuredClone([value, transfer], { transfer: transfer as unknown as ArrayBuffer[] });
  const result = as(MESSAGE, 0, undefined);
  result.message = { value: copy, transfer: moved };
  return result;
}
