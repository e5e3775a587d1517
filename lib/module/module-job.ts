/** What the event loop keeps of a job whose parallel() is a module function, from submission to its turn. */
import { AsyncResource } from 'node:async_hooks';
import type { Job } from '../job.js';
import type { Transferable } from './messages.js';
import type { ModuleFunction } from './module-function.js';
import type { Message } from './values.js';

/** What can be said of one job with a module function. */
export interface ModuleJobOptions {
  /** What of the input is to be moved rather than copied: ArrayBuffers, MessagePorts and what else `postMessage()` takes. */
  transfer?: readonly Transferable[];
  /**
   * Aborted before the job has begun: it is taken out, and fails in its turn with the signal's reason. Afterwards: `context.signal` of the function
   * is aborted; see `hard`.
   */
  signal?: AbortSignal;
  /** A job that has begun when its signal is aborted fails at once, and its isolate is ended and replaced. Default false. */
  hard?: boolean;
  /**
   * How long the function may run, in milliseconds from its beginning: 1 to 2^31 - 1. Then its isolate is ended and replaced, and the job fails with
   * ETIMEDOUT. Default: no limit.
   */
  timeLimitMs?: number;
}

/** The stack of the call that submitted a job; formatted when it is looked at. */
export interface Caller {
  readonly stack: string;
}

/** @param from the function whose callers are wanted */
export function captureCaller(from: (...args: never[]) => unknown): Caller {
  const caller = {} as Caller;
  Error.captureStackTrace(caller, from);
  return caller;
}

export class ModuleJob {
  readonly job: Job;
  readonly fn: ModuleFunction<never, unknown>;
  readonly shell: number;
  /** Modulo 2^32, as an integer with a sign. */
  readonly seqNr: number;
  readonly address: number;
  readonly options: ModuleJobOptions | undefined;
  readonly caller: Caller | undefined;
  /** The input, if it goes by message. */
  message: Message | undefined;
  /** With what it fails if it is taken out, or dies with its isolate. */
  fate: Error | undefined;
  /** The asynchronous context of the submitter, for a serial() that is a closure. */
  readonly scope: AsyncResource | undefined;

  constructor(
    job: Job,
    fn: ModuleFunction<never, unknown>,
    at: { shell: number; seqNr: number; address: number },
    message: Message | undefined,
    isScoped: boolean,
    caller: Caller | undefined,
    options: ModuleJobOptions | undefined,
  ) {
    this.job = job;
    this.fn = fn;
    this.shell = at.shell;
    this.seqNr = at.seqNr;
    this.address = at.address;
    this.message = message;
    this.fate = undefined;
    this.caller = caller;
    this.options = options;
    this.scope = isScoped ? new AsyncResource('padata.job') : undefined;
  }
}
