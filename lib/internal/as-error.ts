import { describe } from './validate.js';

/** Whatever was thrown, as an Error. Never throws itself, however strange the value is. */
export function asError(value: unknown, what = 'parallel() threw'): Error {
  try {
    if (value instanceof Error) return value;
    return new Error(`${what} ${describe(value)}`, { cause: value });
  } catch {
    return new Error(`${what} something that cannot be described`, { cause: value });
  }
}
