/** What an isolate and its pool tell each other. Jobs do not go this way; what cannot lie in shared memory does. */
import type { MessagePort, Transferable } from 'node:worker_threads';
import type { Range } from './range-plan.js';
import type { Message } from './values.js';

/** A module function as isolates know it: the job says its id. */
export interface Definition {
  id: number;
  url: string;
  name: string;
  /** It is called with (start, end, arg), chunk after chunk. */
  isRange: boolean;
}

/** A multithreaded job; the input of its lanes is the id. */
export interface RangeNotice {
  id: number;
  range: Range;
  arg: unknown;
}

/** With what a worker becomes an isolate. */
export interface Boot {
  address: number;
  cpu: number;
  port: MessagePort;
  jobsPerIsolate: number;
}

/** Names a job: the id of its shell and its seqNr. */
export interface JobKey {
  shell: number;
  seqNr: number;
}

/** For tables. The event loop knows a seqNr modulo 2^32, the isolate all of it. */
export function nameOf({ shell, seqNr }: JobKey): string {
  return `${shell}:${seqNr | 0}`;
}

export type ToIsolate =
  | { kind: 'define'; definition: Definition }
  /** A multithreaded job; and that it is done. */
  | ({ kind: 'range' } & RangeNotice)
  | { kind: 'dropRange'; id: number }
  /** The input of a job that had to go by message. */
  | ({ kind: 'input'; value: unknown } & JobKey)
  | ({ kind: 'abort'; reason: unknown } & JobKey)
  | { kind: 'call'; id: number; function: number; value: unknown };

export type FromIsolate =
  | { kind: 'ready'; threadId: number; waiting: unknown; running: unknown }
  /** Asks for the input of a job. */
  | ({ kind: 'want' } & JobKey)
  /** A result that has to go by message; sent before the job is completed. */
  | ({ kind: 'result' } & Message & JobKey)
  | { kind: 'called'; id: number; error?: Uint8Array; value?: unknown }
  /** Was thrown where no job could be blamed: in a timer that had been left behind, in a serial(). */
  | { kind: 'stray'; error: Uint8Array; isSerial: boolean }
  | { kind: 'events'; events: IsolateEvent[] };

export interface IsolateEvent extends JobKey {
  what: 'start' | 'finish';
  cpu: number;
  /** Milliseconds of the clock in clock.ts. */
  at: number;
}

export type { Transferable };
