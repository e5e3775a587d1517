import { constants } from 'node:os';

/** SIGINT or SIGTERM asked us to stop. */
export class Interrupted extends Error {
  /** The exit status that a shell gives to a process that ended by the signal. */
  readonly status: number;

  constructor(signal: 'SIGINT' | 'SIGTERM') {
    super(`interrupted by ${signal}`);
    this.name = 'Interrupted';
    this.status = 128 + constants.signals[signal];
  }
}

/**
 * Calls `stop` at the first SIGINT or SIGTERM. A second signal finds no handler any more and ends the process at once.
 *
 * @returns takes the handlers away again
 */
export function onInterrupt(stop: (reason: Interrupted) => void): () => void {
  const signals = ['SIGINT', 'SIGTERM'] as const;
  const remove = () => {
    for (const signal of signals) process.removeListener(signal, handler);
  };
  const handler = (signal: NodeJS.Signals) => {
    remove();
    stop(new Interrupted(signal as (typeof signals)[number]));
  };
  for (const signal of signals) process.on(signal, handler);
  return remove;
}
