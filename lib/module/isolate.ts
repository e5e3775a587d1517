/** One isolate as its pool sees it: a worker, its seat in the core, and its life from start to end. */
import { join } from 'node:path';
import type { Histogram } from 'node:perf_hooks';
import {
  MessageChannel,
  type MessagePort,
  type ResourceLimits,
  receiveMessageOnPort,
  Worker,
} from 'node:worker_threads';
import type { IsolateGroupHandle, IsolateSeatHandle } from '../binding.js';
import type { Boot, FromIsolate, JobKey, ToIsolate, Transferable } from './messages.js';
import { BEGUN, BEGUN_F64, IS_SERIAL, PROGRESS, SEQ_NR_F64, SHELL, SLOTS, STATE, slotAt, WANTS } from './seat.js';

/** Options of the isolates of an instance; those of `new Worker()` mean what they mean there. */
export interface IsolateOptions {
  /** Limits of each isolate's heap and stack. An isolate that exceeds them ends; the job that it ran fails with EOWNERDEAD. Default: Node's. */
  resourceLimits?: ResourceLimits;
  /** `process.env` in the isolates. Default: a copy of this environment's; `SHARE_ENV` of node:worker_threads shares it. */
  env?: NodeJS.ProcessEnv | symbol;
  /** Appended to `process.argv` in the isolates. Default: nothing. */
  argv?: readonly unknown[];
  /** Options of Node for the isolates, such as `--import`. Default: those of this process. */
  execArgv?: readonly string[];
  /** `workerData` of node:worker_threads in the isolates; cloned for each. Default: undefined. */
  workerData?: unknown;
  /**
   * How long an isolate without jobs is kept, in milliseconds: 1 to 2^31 - 1. Default 30,000. Starting one takes 30 ms and more, keeping one some
   * megabytes; timers that its modules have left end with it.
   */
  idleMs?: number;
  /**
   * How many jobs of asynchronous functions an isolate runs at once: 1 to 64. Default 1. More pays where functions wait for
   * I/O; but if the isolate dies, all of them fail.
   */
  jobsPerIsolate?: number;
}

/** Figures of one isolate. */
export interface IsolateStats {
  cpu: number;
  /** Of node:worker_threads. */
  threadId: number;
  /** How long jobs have waited for their beginning, in nanoseconds. */
  waiting: Histogram;
  /** How long they ran, in nanoseconds. */
  running: Histogram;
}

/** What an isolate tells its pool. */
export interface IsolateListener {
  onMessage(isolate: Isolate, message: FromIsolate): void;
  /** Its thread has ended; `cause` is the exception, if it was one. */
  onExit(isolate: Isolate, exitCode: number, cause: Error | undefined): void;
}

const MAIN = join(__dirname, 'isolate-main.js');

export class Isolate {
  readonly cpu: number;
  readonly seat: IsolateSeatHandle;
  /** It has run modules: a failure from now on is theirs, not that of starting. */
  isReady = false;
  isRetired = false;
  /** Calls of broadcast() that it is busy with, besides jobs. */
  calls = 0;
  threadId = -1;
  waiting: Histogram | undefined;
  running: Histogram | undefined;
  /** Why it is being ended by force. */
  fate: Error | undefined;
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;
  readonly #listener: IsolateListener;
  #cause: Error | undefined;
  #progress = 0;
  #movedAt = performance.now();

  /** @throws what `new Worker()` throws for its options */
  constructor(
    group: IsolateGroupHandle,
    cpu: number,
    name: string,
    options: IsolateOptions,
    listener: IsolateListener,
  ) {
    const { idleMs: _, jobsPerIsolate = 1, ...workerOptions } = options;
    this.cpu = cpu;
    this.#listener = listener;
    this.#worker = new Worker(MAIN, { ...workerOptions, name: `padata ${name} on CPU ${cpu}` } as object);
    this.seat = group.add(cpu);
    this.#words = new Int32Array(this.seat.memory);
    this.#doubles = new Float64Array(this.seat.memory);
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const boot: Boot = { address: this.seat.address, cpu, port: port2, jobsPerIsolate };
    this.#worker.postMessage(boot, [port2]);
    this.#port.on('message', (message: FromIsolate) => this.#receive(message));
    this.#worker.on('error', (error) => {
      this.#cause = error instanceof Error ? error : undefined;
    });
    this.#worker.on('exit', (code) => this.#onExit(code));
    this.setRef(false);
  }

  tell(message: ToIsolate, transfer: readonly Transferable[] = []): void {
    this.#port.postMessage(message, transfer);
  }

  /** Handles what has been sent and not been looked at. */
  receiveAll(): void {
    for (let next = receiveMessageOnPort(this.#port); next !== undefined; next = receiveMessageOnPort(this.#port)) {
      this.#receive(next.message as FromIsolate);
    }
  }

  /** Whether it keeps the process alive. What it prints comes by way of this event loop. */
  setRef(isReferenced: boolean): void {
    if (isReferenced) {
      this.#worker.ref();
      this.#port.ref();
    } else {
      this.#worker.unref();
      this.#port.unref();
    }
  }

  setWants(bits: number): void {
    Atomics.store(this.#words, WANTS, bits);
  }

  /** Jobs that have begun and are not finished, with the time, by the clock in clock.ts. */
  *begun(): Generator<JobKey & { at: number }> {
    this.seat.completeEarly(); // a job that is finished may wait behind one that is not
    for (let slot = 0; slot < SLOTS; slot++) {
      const job = this.#begunIn(slot);
      if (job !== undefined) yield job;
    }
  }

  /** The isolate goes on meanwhile. The time is read first and again at the end: if it is still the same, so were the job and the slot. */
  #begunIn(slot: number): (JobKey & { at: number }) | undefined {
    const base = slotAt(slot);
    const double = base >> 1;
    const isBegun = () => Atomics.load(this.#words, base + STATE) === BEGUN && this.#words[base + IS_SERIAL] !== 1;
    if (!isBegun()) return undefined;
    const at = this.#doubles[double + BEGUN_F64] as number;
    const job = { shell: this.#words[base + SHELL] as number, seqNr: this.#doubles[double + SEQ_NR_F64] as number, at };
    return isBegun() && this.#doubles[double + BEGUN_F64] === at ? job : undefined;
  }

  /** @param key with a seqNr modulo 2^32 */
  has({ shell, seqNr }: JobKey): boolean {
    for (const job of this.begun()) if (job.shell === shell && (job.seqNr | 0) === seqNr) return true;
    return false;
  }

  get isBusy(): boolean {
    return this.calls !== 0 || !this.begun().next().done;
  }

  /** For how long no job has begun or ended here, in milliseconds, as far as calls of this function have seen it. */
  idleFor(): number {
    const progress = this.#words[PROGRESS] as number;
    if (progress !== this.#progress) this.#movedAt = performance.now();
    this.#progress = progress;
    return performance.now() - this.#movedAt;
  }

  /** It takes no job any more; ends it if it has none, and otherwise has to be called again. */
  retire(): void {
    this.isRetired = true;
    if (this.seat.retire() && this.calls === 0) this.kill();
  }

  /** Ends its thread, whatever that does. onExit() follows. */
  kill(fate?: Error): void {
    this.fate ??= fate;
    void this.#worker.terminate();
  }

  #receive(message: FromIsolate): void {
    if (message.kind === 'ready') {
      this.isReady = true;
      this.threadId = message.threadId;
      this.waiting = message.waiting as Histogram;
      this.running = message.running as Histogram;
    }
    this.#listener.onMessage(this, message);
  }

  #onExit(exitCode: number): void {
    this.receiveAll();
    this.#port.close();
    this.#listener.onExit(this, exitCode, this.#cause);
  }
}
