/**
 * The loop of an isolate: it takes jobs from the core, calls their module functions, and gives back what they came to. The core's side, and what a slot
 * goes through, is in core/isolate.h.
 *
 * One round: a *turn* completes what was finished and claims jobs; then each of those begins, in order, as long as there is a place for one more that
 * is not finished when its function has returned. The event loop goes on between rounds, so timers and I/O of modules run.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { createHistogram } from 'node:perf_hooks';
import { receiveMessageOnPort, threadId } from 'node:worker_threads';
import { binding, type IsolateHandle } from '../binding.js';
import { isThenable } from '../internal/thenable.js';
import { Arena } from './arena.js';
import { now } from './clock.js';
import { encodeError } from './errors.js';
import { FunctionTable } from './function-table.js';
import type { Loaded } from './load.js';
import { type Boot, type FromIsolate, type IsolateEvent, type JobKey, nameOf, type ToIsolate } from './messages.js';
import { Outbox } from './outbox.js';
import { JobContext, Running } from './running.js';
import {
  BEGUN,
  BEGUN_F64,
  CB_CPU,
  CLAIMED,
  FREE,
  FUNCTION,
  INBOX,
  IS_SERIAL,
  LIMIT,
  MAY_SLEEP,
  NUMBER_F64,
  PROGRESS,
  SEQ_NR_F64,
  SHELL,
  SLOTS,
  STATE,
  SUBMITTED_F64,
  slotAt,
  TYPE,
  WANTS,
  WANTS_EVENTS,
} from './seat.js';
import { inputOfSerial, resultForSerial } from './serial-input.js';
import { Transferred } from './transferred.js';
import { decode, type Encoded, encode, MESSAGE, NONE } from './values.js';

/** How long one round may keep the event loop, in milliseconds. */
const ROUND_MS = 1;
/** How long what is finished may wait for the next turn while other jobs run, in milliseconds. */
const FLUSH_MS = 0.02;

export class IsolateLoop {
  readonly #boot: Boot;
  readonly #handle: IsolateHandle;
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;
  readonly #arena: Arena;
  readonly #outbox: Outbox;
  readonly #functions: FunctionTable;
  readonly #scope = new AsyncLocalStorage<Running>();
  /** Jobs that have begun, and whose function has returned before they were finished; by slot. */
  readonly #running = new Map<number, Running>();
  /** Jobs whose input comes by message. */
  readonly #awaited = new Map<string, (value: unknown) => void>();
  readonly #waiting = createHistogram();
  readonly #lasting = createHistogram();
  #events: IsolateEvent[] = [];
  /** Slots that were claimed and have not begun: `#local[#next]` up to `#local[#count - 1]`. */
  readonly #local = new Int32Array(SLOTS);
  #next = 0;
  #count = 0;
  #isScheduled = false;
  #isInRound = false;
  /** The time, as it was looked at last. */
  #now = now();
  #flushed = 0;

  constructor(boot: Boot) {
    this.#boot = boot;
    this.#handle = new binding.IsolateHandle(boot.address, () => this.#round());
    this.#words = new Int32Array(this.#handle.memory);
    this.#doubles = new Float64Array(this.#handle.memory);
    this.#arena = new Arena(this.#handle, this.#words);
    this.#outbox = new Outbox(this.#handle, () => this.#flush());
    this.#functions = new FunctionTable(this.#handle, () => this.#receiveOne());
    boot.port.on('message', (message: ToIsolate) => this.#receive(message));
    process.on('uncaughtException', (error) => this.#onUncaught(error));
    this.#tell({ kind: 'ready', threadId, waiting: this.#waiting, running: this.#lasting });
    this.#schedule();
  }

  #tell(message: FromIsolate, transfer: readonly unknown[] = []): void {
    this.#boot.port.postMessage(message, transfer as never);
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#round();
    });
  }

  #round(): void {
    if (this.#isInRound) return;
    this.#isInRound = true;
    this.#now = now();
    try {
      this.#run(this.#now + ROUND_MS);
    } finally {
      this.#isInRound = false;
      if (this.#events.length !== 0) this.#tell({ kind: 'events', events: this.#events.splice(0) });
    }
  }

  #run(end: number): void {
    while (this.#next < this.#count || this.#turn()) {
      while (this.#next < this.#count && this.#hasPlace()) {
        this.#begin(this.#local[this.#next++] as number);
        if (this.#now > end) {
          this.#flush();
          this.#schedule(); // others on this event loop come first
          return;
        }
      }
      if (this.#next < this.#count) {
        this.#flush();
        this.#giveBackSoon();
        return;
      }
    }
  }

  #hasPlace(): boolean {
    return this.#running.size < this.#boot.jobsPerIsolate;
  }

  /** Completes and claims. False if there is nothing to do. */
  #turn(): boolean {
    const isIdle = this.#running.size === 0;
    const words = this.#words;
    words[LIMIT] = isIdle ? SLOTS : Math.max(0, this.#boot.jobsPerIsolate - this.#running.size);
    words[MAY_SLEEP] = isIdle ? 1 : 0;
    const count = this.#handle.turn(this.#arena.prepare());
    this.#outbox.clear();
    for (let i = 0; i < count; i++) this.#local[i] = words[INBOX + i] as number;
    this.#next = 0;
    this.#count = count;
    this.#now = this.#flushed = now();
    return count !== 0;
  }

  /** Completes what was finished. */
  #flush(): void {
    if (this.#outbox.isEmpty) return;
    this.#words[LIMIT] = 0;
    this.#words[MAY_SLEEP] = this.#running.size === 0 ? 1 : 0; // then it goes on with the next job, and is back soon
    this.#handle.turn(this.#arena.memory);
    this.#outbox.clear();
    this.#now = this.#flushed = now();
  }

  /** Jobs that were claimed wait behind one that takes longer: they are for the others, unless it is over in a moment. */
  #giveBackSoon(): void {
    setImmediate(() => {
      if (this.#next === this.#count || this.#hasPlace()) return this.#round();
      if (this.#words[slotAt(this.#local[this.#next] as number) + IS_SERIAL] === 1) return; // comes alone, and stays
      this.#handle.giveBack();
      while (this.#next < this.#count) this.#free(this.#local[this.#next++] as number);
    });
  }

  #free(slot: number): void {
    Atomics.store(this.#words, slotAt(slot) + STATE, FREE);
  }

  /** Begins the job of a slot, unless it was taken back. */
  #begin(slot: number): void {
    const words = this.#words;
    const base = slotAt(slot);
    const begun = this.#now;
    this.#doubles[(base >> 1) + BEGUN_F64] = begun;
    if (Atomics.compareExchange(words, base + STATE, CLAIMED, BEGUN) !== CLAIMED) {
      this.#free(slot);
      return;
    }
    words[PROGRESS] = (words[PROGRESS] as number) + 1;
    const isSerial = words[base + IS_SERIAL] === 1;
    const seqNr = this.#doubles[(base >> 1) + SEQ_NR_F64] as number;
    const context = new JobContext(this.#boot.cpu, words[base + CB_CPU] as number, seqNr);
    const job = new Running(slot, words[base + SHELL] as number, isSerial, context, begun);
    if (!isSerial) this.#noteBegin(job, begun - (this.#doubles[(base >> 1) + SUBMITTED_F64] as number));
    this.#start(job, base);
    const isLast = this.#next === this.#count; // then a turn comes next
    if (job.isFinished && !isLast && this.#now - this.#flushed > FLUSH_MS) this.#flush();
  }

  #start(job: Running, base: number): void {
    const loaded = this.#functions.get(this.#words[base + FUNCTION] as number);
    if (loaded instanceof Promise || this.#words[base + TYPE] === MESSAGE) {
      this.#running.set(job.slot, job);
      this.#startLater(job, loaded).catch((error) => this.#fail(job, error));
    } else {
      this.#call(job, loaded, () => this.#input(job));
    }
  }

  /** The function is not loaded yet, or the input comes by message. */
  async #startLater(job: Running, loading: Loaded | Promise<Loaded>): Promise<void> {
    const isMessage = this.#words[slotAt(job.slot) + TYPE] === MESSAGE;
    const input = isMessage ? await this.#ask(job) : this.#input(job); // before the next turn
    const loaded = await loading;
    job.context.throwIfAborted(); // its function was not called yet
    if (!job.isFinished) this.#call(job, loaded, () => input);
  }

  async #ask({ shell, seqNr, isSerial, context }: Running): Promise<unknown> {
    const sent = await new Promise((resolve) => {
      this.#awaited.set(nameOf({ shell, seqNr }), resolve);
      this.#tell({ kind: 'want', shell, seqNr });
    });
    return isSerial ? resultForSerial(sent, context) : sent;
  }

  #input(job: Running): unknown {
    const base = slotAt(job.slot);
    const type = this.#words[base + TYPE] as number;
    if (type === NONE && !job.isSerial) return undefined;
    const number = this.#doubles[(base >> 1) + NUMBER_F64] as number;
    const bytes = this.#arena.bytesOf(job.slot);
    return job.isSerial ? inputOfSerial(type, number, bytes, job.context) : decode(type, number, bytes);
  }

  #call(job: Running, loaded: Loaded, input: () => unknown): void {
    let output: unknown;
    try {
      job.context.state = loaded.state;
      output = this.#scope.run(job, loaded.call, input(), job.context);
    } catch (error) {
      this.#fail(job, error);
      return;
    }
    if (!isThenable(output)) {
      this.#finish(job, output);
      return;
    }
    this.#running.set(job.slot, job);
    Promise.resolve(output).then(
      (value) => this.#finish(job, value),
      (error) => this.#fail(job, error),
    );
  }

  #finish(job: Running, output: unknown): void {
    if (job.isFinished) return;
    try {
      const { type, number, bytes, message } = encodeOutput(job.isSerial ? undefined : output);
      if (message !== undefined) {
        const { shell, seqNr } = job;
        this.#tell({ kind: 'result', shell, seqNr, ...message }, message.transfer);
      }
      this.#outbox.add(job.slot, type, number, bytes);
    } catch (error) {
      this.#fail(job, error); // it cannot be cloned
      return;
    }
    this.#end(job);
  }

  #fail(job: Running, error: unknown): void {
    if (job.isFinished) return;
    const bytes = encodeError(error);
    if (job.isSerial) {
      this.#tell({ kind: 'stray', error: bytes, isSerial: true });
      this.#outbox.add(job.slot, NONE, 0, undefined);
    } else {
      this.#outbox.addFailure(job.slot, bytes);
    }
    this.#end(job);
  }

  #end(job: Running): void {
    job.isFinished = true;
    this.#words[PROGRESS] = (this.#words[PROGRESS] as number) + 1;
    this.#now = now();
    if (!job.isSerial) this.#noteEnd(job);
    if (this.#running.delete(job.slot) && !this.#isInRound) queueMicrotask(() => this.#round());
  }

  #noteBegin(job: Running, waitedMs: number): void {
    this.#waiting.record(nanoseconds(waitedMs));
    if (this.#wantsEvents()) this.#note('start', job, job.begun);
  }

  #noteEnd(job: Running): void {
    this.#lasting.record(nanoseconds(this.#now - job.begun));
    if (this.#wantsEvents()) this.#note('finish', job, this.#now);
  }

  #wantsEvents(): boolean {
    return ((this.#words[WANTS] as number) & WANTS_EVENTS) !== 0;
  }

  #note(what: IsolateEvent['what'], { shell, seqNr }: JobKey, at: number): void {
    this.#events.push({ what, cpu: this.#boot.cpu, at, shell, seqNr });
    if (!this.#isInRound) this.#schedule();
  }

  #receiveOne(): void {
    const received = receiveMessageOnPort(this.#boot.port);
    if (received !== undefined) this.#receive(received.message as ToIsolate);
  }

  #receive(message: ToIsolate): void {
    switch (message.kind) {
      case 'define':
        this.#functions.define(message.definition);
        break;
      case 'range':
        this.#functions.keepRange(message);
        break;
      case 'dropRange':
        this.#functions.dropRange(message.id);
        break;
      case 'input':
        this.#awaited.get(nameOf(message))?.(message.value);
        this.#awaited.delete(nameOf(message));
        break;
      case 'abort':
        for (const job of this.#running.values()) {
          if (nameOf(job) === nameOf(message)) job.context.abort(message.reason);
        }
        break;
      case 'call':
        void this.#callAside(message);
        break;
    }
  }

  /** A call for broadcast(): it is no job, and has no turn. */
  async #callAside({ id, function: fn, value }: { id: number; function: number; value: unknown }): Promise<void> {
    try {
      const loaded = await this.#functions.get(fn);
      const context = new JobContext(this.#boot.cpu, this.#boot.cpu, -1);
      context.state = loaded.state;
      const output = await loaded.call(value, context);
      if (output instanceof Transferred) this.#tell({ kind: 'called', id, value: output.value }, output.transferList);
      else this.#tell({ kind: 'called', id, value: output });
    } catch (error) {
      this.#tell({ kind: 'called', id, error: encodeError(error) });
    }
  }

  /**
   * An exception that nobody caught, or a rejection that nobody handled. The job that it came from fails, if it is still running; otherwise the pool
   * is told. The isolate goes on: other jobs have nothing to do with it.
   */
  #onUncaught(error: unknown): void {
    const job = this.#scope.getStore();
    if (job !== undefined && !job.isFinished) this.#fail(job, error);
    else this.#tell({ kind: 'stray', error: encodeError(error), isSerial: false });
  }
}

/** For a histogram, which has no 0. */
function nanoseconds(milliseconds: number): number {
  return Math.max(1, Math.round(milliseconds * 1e6));
}

function encodeOutput(output: unknown): Encoded {
  return output instanceof Transferred ? encode(output.value, output.transferList) : encode(output);
}
