/** The classes of errors that both sides have, and how one of another isolate is made to be of its class again. */
import { PadataError } from '../errors.js';
import { stackless } from '../internal/stackless.js';

/** Their order is part of how errors are encoded. The first stands for all classes that are not here. */
const classes = [
  Error,
  TypeError,
  RangeError,
  SyntaxError,
  ReferenceError,
  EvalError,
  URIError,
  AggregateError,
  PadataError,
  DOMException,
];
export const AGGREGATE_ERROR = classes.indexOf(AggregateError);
export const DOM_EXCEPTION = classes.indexOf(DOMException);
const prototypes = classes.map((type) => type.prototype as object);

/** The class that comes first on the prototype chain, as a number. May throw if the error is a Proxy. */
export function kindOf(error: object): number {
  let prototype = Object.getPrototypeOf(error) as object | null;
  while (prototype !== null) {
    const kind = prototypes.indexOf(prototype);
    if (kind !== -1) return kind;
    prototype = Object.getPrototypeOf(prototype);
  }
  return 0;
}

/** An error of the class, without regard to what its constructor would do. */
export function makeError(kind: number, name: string, message: string): Error {
  if (kind === DOM_EXCEPTION) return stackless(() => new DOMException(message, name));
  const error = stackless(() => new Error(message));
  const prototype = prototypes[kind] ?? Error.prototype;
  if (prototype !== Error.prototype) Object.setPrototypeOf(error, prototype);
  if (error.name !== name) hide(error, 'name', name);
  return error;
}

/** Sets a property that does not show when the error is printed or its keys are listed. */
export function hide(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, enumerable: false, writable: true, configurable: true });
}
