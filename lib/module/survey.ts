/** Looks through a value before it is encoded: which way can it go without losing anything that structuredClone keeps? */
import { types } from 'node:util';

/** How much a value may hold to go as JSON, which is quicker than V8's format for few and short things only. */
const MOST_PARTS = 64;
const MOST_OBJECTS = 16;
const LONGEST_STRING = 256;

let parts = 0;
let objects = 0;
const seen: (object | undefined)[] = new Array(MOST_OBJECTS).fill(undefined);

/** Whether JSON brings the value back exactly: a small tree of plain objects, arrays, strings, booleans, null and usual numbers. */
export function isSmallTree(value: object): boolean {
  parts = 0;
  objects = 0;
  try {
    return isTree(value);
  } finally {
    while (objects > 0) seen[--objects] = undefined; // keeps nothing from being collected
  }
}

function isTree(value: unknown): boolean {
  if (++parts > MOST_PARTS) return false;
  switch (typeof value) {
    case 'string':
      return value.length <= LONGEST_STRING;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0);
    case 'boolean':
      return true;
    case 'object':
      return value === null || isBranch(value);
    default:
      return false;
  }
}

/** An object that is met twice is none: the other side is to see one object, too. */
function isBranch(value: object): boolean {
  for (let i = 0; i < objects; i++) if (seen[i] === value) return false;
  if (objects === MOST_OBJECTS || types.isProxy(value) || 'toJSON' in value) return false;
  seen[objects++] = value;
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype) return isOrdinary(value) && areTrees(value as Record<string, unknown>);
  return prototype === Array.prototype && Array.isArray(value) && isList(value);
}

/** Not `arguments`, Math, or the like, which look like plain objects but cannot be cloned. */
function isOrdinary(value: object): boolean {
  return !(Symbol.iterator in value || Symbol.toStringTag in value);
}

function areTrees(value: Record<string, unknown>): boolean {
  for (const key in value) if (!isTree(value[key])) return false;
  return true;
}

/** Without holes and without properties besides. */
function isList(value: readonly unknown[]): boolean {
  if (value.length > MOST_PARTS) return false;
  for (let i = 0; i < value.length; i++) if (!isTree(value[i])) return false;
  return Object.keys(value).length === value.length;
}

/** Prototypes whose objects V8's format has, and that hold no further objects. */
const leaves = new Set<unknown>(
  [ArrayBuffer, Date, RegExp, Boolean, Number, String, BigInt].map(({ prototype }) => prototype),
);

/** Prototypes of classes whose objects structuredClone makes plain objects of. */
const plainClasses = new WeakSet<object>();

/**
 * Whether there is something in the value that V8's format would silently get wrong: it takes a Blob of a newer Node, for
 * example, for an object without properties. What V8's serializer refuses by itself need not be found here.
 */
export function holdsForeign(value: object): boolean {
  const met = new Set<object>();
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next !== 'object' || next === null || met.has(next)) continue;
    met.add(next);
    if (isForeign(next, open)) return true;
  }
  return false;
}

/** Puts what the object holds on the list of what is open. */
function isForeign(value: object, open: unknown[]): boolean {
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null || Array.isArray(value)) addAll(open, Object.values(value));
  else if (ArrayBuffer.isView(value) || leaves.has(prototype)) return false;
  else if (prototype === Map.prototype) addEntries(open, value as Map<unknown, unknown>);
  else if (prototype === Set.prototype) addEntries(open, value as Set<unknown>);
  else if (types.isNativeError(value) && !(value instanceof DOMException)) open.push(value.cause);
  else if (isPlainClass(value, prototype)) addAll(open, Object.values(value));
  else return true;
  return false;
}

function addAll(open: unknown[], values: readonly unknown[]): void {
  for (const value of values) if (typeof value === 'object') open.push(value);
}

/** A Set's values come as its keys, too. */
function addEntries(open: unknown[], entries: Map<unknown, unknown> | Set<unknown>): void {
  entries.forEach((value: unknown, key: unknown) => {
    open.push(value);
    if (key !== value) open.push(key);
  });
}

/** Tried once for a class: there is no other way to see what Node clones in a way of its own. */
function isPlainClass(value: object, prototype: object): boolean {
  if (plainClasses.has(prototype)) return true;
  const isPlain = Object.getPrototypeOf(structuredClone(value)) === Object.prototype;
  if (isPlain) plainClasses.add(prototype);
  return isPlain;
}
