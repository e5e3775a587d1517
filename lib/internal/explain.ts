/** What an errno means when one particular function ends with it. */
import { type ErrnoName, errnoOf } from '../errors.js';

/** A text for a negative errno, or undefined if the system's will do. */
export type Explain = (errno: number) => string | undefined;

/** @param texts what was found, and what to do about it, in a few words */
export function explainer(texts: Partial<Record<ErrnoName, string>>): Explain {
  const entries = Object.entries(texts) as [ErrnoName, string][];
  const byErrno = new Map(entries.map(([name, text]) => [errnoOf(name), text]));
  return (errno) => byErrno.get(errno);
}
