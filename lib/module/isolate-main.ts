/**
 * What a worker of an isolate pool runs: it takes jobs from the core, calls their module functions, and gives back what they came to. The core's side,
 * and what a slot goes through, is in core/isolate.h.
 *
 * One round: a *turn* completes what was finished and claims jobs; then each of those begins, in order, as long as there is a place for one more that
 * is not finished when its function has returned. The event loop goes on between rounds, so timers and I/O of modules run.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { createHistogram } from 'node:perf_hooks';
import { isMainThread, parentPort, receiveMessageOnPort, threadId } from 'node:worker_threads';
import { binding, type IsolateHandle } from '../binding.js';
import { now } from './clock.js';
import { JobContext } from './context.js';
import { encodeError } from './errors.js';
import { type Loaded, load } from './load.js';
import type { Boot, Definition, FromIsolate, IsolateEvent, JobKey, ToIsolate } from './messages.js';
import { Outbox } from './outbox.js';
import {
  ARENA_USED,
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
  NOT_FETCHED,
  NUMBER_F64,
  OFFSET,
  PROGRESS,
  SEQ_NR_F64,
  SHELL,
  SIZE,
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

/** Inputs are copied into pieces of memory of this size, which functions may keep; a larger input has its own. */
const ARENA_BYTES = 256 * 1024;
const ARENA_RESERVE = 16 * 1024;
/** How long one round may keep the event loop, in milliseconds. */
const ROUND_MS = 1;
/** How long what is finished may wait for the next turn while other jobs run, in milliseconds. */
const FLUSH_MS = 0.02;

/** A job that has begun. */
class Running {
  readonly slot: number;
  readonly key: JobKey;
  readonly isSerial: boolean;
  readonly context: JobContext;
  begun = 0;
  isFinished = false;

  constructor(slot: number, key: JobKey, isSerial: boolean, context: JobContext) {
    this.slot = slot;
    this.key = key;
    this.isSerial = isSerial;
    this.context = context;
  }
}

class IsolateLoop {
  readonly #boot: Boot;
  readonly #handle: IsolateHandle;
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;
  readonly #outbox: Outbox;
  readonly #definitions = new Map<number, Definition>();
  /** By id: what is loaded, or is being loaded. */
  readonly #functions: (Loaded | Promise<Loaded> | undefined)[] = [];
  readonly #scope = new AsyncLocalStorage<Running>();
  readonly #running = new Map<number, Running>();
  /** Jobs whose input comes by message. */
  readonly #awaited = new Map<string, (value: unknown) => void>();
  readonly #waiting = createHistogram();
  readonly #lasting = createHistogram();
  #events: IsolateEvent[] = [];
  #arena = new Uint8Array(ARENA_BYTES);
  /** Slots that were claimed and have not begun: `#local[#next]` up to `#local[#count - 1]`. */
  readonly #local = new Int32Array(SLOTS);
  #next = 0;
  #count = 0;
  #isScheduled = false;
  #flushed = 0;
  #isInRound = false;

  constructor(boot: Boot) {
    this.#boot = boot;
    this.#handle = new binding.IsolateHandle(boot.address, () => this.#round());
    this.#words = new Int32Array(this.#handle.memory);
    this.#doubles = new Float64Array(this.#handle.memory);
    this.#outbox = new Outbox(this.#handle);
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
    try {
      this.#run(now() + ROUND_MS);
    } finally {
      this.#isInRound = false;
      if (this.#events.length !== 0) this.#tell({ kind: 'events', events: this.#events.splice(0) });
    }
  }

  #run(end: number): void {
    while (true) {
      if (this.#next === this.#count && !this.#turn()) return;
      while (this.#next < this.#count && this.#hasPlace()) {
        const slot = this.#local[this.#next++] as number;
        if (this.#begin(slot) > end) {
          if (this.#next === this.#count) this.#flush();
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
    const places = this.#boot.jobsPerIsolate - this.#running.size;
    const isIdle = this.#running.size === 0;
    this.#words[LIMIT] = isIdle ? SLOTS : Math.max(0, places);
    this.#words[MAY_SLEEP] = isIdle ? 1 : 0;
    const used = this.#words[ARENA_USED] as number;
    if (used > ARENA_BYTES - ARENA_RESERVE || this.#arena.length === 0) {
      this.#arena = new Uint8Array(ARENA_BYTES);
      this.#words[ARENA_USED] = 0;
    }
    const count = this.#handle.turn(this.#arena);
    this.#outbox.clear();
    for (let i = 0; i < count; i++) this.#local[i] = this.#words[INBOX + i] as number;
    this.#next = 0;
    this.#count = count;
    this.#flushed = now();
    return count !== 0;
  }

  /** Completes what was finished. */
  #flush(): void {
    if (this.#outbox.isEmpty) return;
    this.#words[LIMIT] = 0;
    this.#handle.turn(this.#arena);
    this.#outbox.clear();
    this.#flushed = now();
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

  /** Begins the job of a slot, unless it was taken back. Returns the time. */
  #begin(slot: number): number {
    const words = this.#words;
    const base = slotAt(slot);
    const begun = now();
    this.#doubles[(base >> 1) + BEGUN_F64] = begun;
    if (Atomics.compareExchange(words, base + STATE, CLAIMED, BEGUN) !== CLAIMED) {
      this.#free(slot);
      return begun;
    }
    words[PROGRESS] = (words[PROGRESS] as number) + 1;
    const key = { shell: words[base + SHELL] as number, seqNr: this.#doubles[(base >> 1) + SEQ_NR_F64] as number };
    const isSerial = words[base + IS_SERIAL] === 1;
    const context = new JobContext(this.#boot.cpu, words[base + CB_CPU] as number, key.seqNr);
    const job = new Running(slot, key, isSerial, context);
    job.begun = begun;
    if (!isSerial) this.#noteBegin(job, (begun - (this.#doubles[(base >> 1) + SUBMITTED_F64] as number)) * 1e6);
    this.#start(job, words[base + FUNCTION] as number);
    const end = now();
    if (end - this.#flushed > FLUSH_MS) this.#flush();
    return end;
  }

  #start(job: Running, id: number): void {
    const loaded = this.#functions[id] ?? this.#load(id);
    if (loaded instanceof Promise || this.#words[slotAt(job.slot) + TYPE] === MESSAGE) {
      this.#running.set(job.slot, job);
      this.#startLater(job, loaded).catch((error) => this.#fail(job, error));
    } else {
      this.#call(job, loaded, () => this.#input(job));
    }
  }

  /** The function is not loaded yet, or the input comes by message. */
  async #startLater(job: Running, loading: Loaded | Promise<Loaded>): Promise<void> {
    const isMessage = this.#words[slotAt(job.slot) + TYPE] === MESSAGE;
    const sent = isMessage ? await this.#ask(job.key) : undefined;
    const loaded = await loading;
    if (job.isFinished) return;
    if (!isMessage) this.#call(job, loaded, () => this.#input(job));
    else this.#call(job, loaded, () => (job.isSerial ? resultForSerial(sent, job.context) : sent));
  }

  #load(id: number): Promise<Loaded> {
    // It was posted before the job was submitted; only nobody may have looked yet.
    while (!this.#definitions.has(id)) this.#receiveOne();
    const { url, name } = this.#definitions.get(id) as Definition;
    const loading = load(url, name);
    this.#functions[id] = loading;
    loading.then(
      (loaded) => {
        this.#functions[id] = loaded;
      },
      () => {}, // each job that needs it sees the rejection
    );
    return loading;
  }

  #ask(key: JobKey): Promise<unknown> {
    return new Promise((resolve) => {
      this.#awaited.set(nameOf(key), resolve);
      this.#tell({ kind: 'want', ...key });
    });
  }

  #input(job: Running): unknown {
    const base = slotAt(job.slot);
    const type = this.#words[base + TYPE] as number;
    const number = this.#doubles[(base >> 1) + NUMBER_F64] as number;
    const bytes = this.#bytes(job.slot, base);
    if (!job.isSerial) return decode(type, number, bytes);
    return inputOfSerial(type, number, bytes, job.context);
  }

  #bytes(slot: number, base: number): Uint8Array {
    const size = this.#words[base + SIZE] as number;
    const offset = this.#words[base + OFFSET] as number;
    if (offset !== NOT_FETCHED) return new Uint8Array(this.#arena.buffer, offset, size);
    const own = new Uint8Array(size);
    this.#handle.fetch(slot, own);
    this.#words[ARENA_USED] = ARENA_BYTES; // it is full: the next turn has a new one
    return own;
  }

  #call(job: Running, loaded: Loaded, input: () => unknown): void {
    let output: unknown;
    try {
      job.context.state = loaded.state;
      output = this.#scope.run(job, () => loaded.call(input(), job.context));
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
      const encoded = job.isSerial ? encode(undefined) : encodeOutput(output);
      if (encoded.message !== undefined) {
        this.#tell({ kind: 'result', ...job.key, value: encoded.message.value }, encoded.message.transfer);
      }
      this.#outbox.add(job.slot, encoded.type, encoded.number, encoded.bytes, () => this.#flush());
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
      this.#outbox.add(job.slot, NONE, 0, undefined, () => this.#flush());
    } else {
      this.#outbox.addFailure(job.slot, bytes, () => this.#flush());
    }
    this.#end(job);
  }

  #end(job: Running): void {
    job.isFinished = true;
    this.#words[PROGRESS] = (this.#words[PROGRESS] as number) + 1;
    if (!job.isSerial) this.#noteEnd(job);
    if (this.#running.delete(job.slot) && !this.#isInRound) queueMicrotask(() => this.#round());
  }

  #noteBegin(job: Running, waitedNs: number): void {
    this.#waiting.record(Math.max(1, Math.round(waitedNs)));
    if (this.#wantsEvents()) this.#events.push({ what: 'start', cpu: this.#boot.cpu, at: job.begun, ...job.key });
  }

  #noteEnd(job: Running): void {
    const end = now();
    this.#lasting.record(Math.max(1, Math.round((end - job.begun) * 1e6)));
    if (this.#wantsEvents()) this.#events.push({ what: 'finish', cpu: this.#boot.cpu, at: end, ...job.key });
  }

  #wantsEvents(): boolean {
    return ((this.#words[WANTS] as number) & WANTS_EVENTS) !== 0;
  }

  #receiveOne(): void {
    const received = receiveMessageOnPort(this.#boot.port);
    if (received !== undefined) this.#receive(received.message as ToIsolate);
  }

  #receive(message: ToIsolate): void {
    switch (message.kind) {
      case 'define':
        this.#definitions.set(message.definition.id, message.definition);
        break;
      case 'input':
        this.#take(message, message.value);
        break;
      case 'abort':
        for (const job of this.#running.values()) {
          if (job.key.shell === message.shell && (job.key.seqNr | 0) === message.seqNr)
            job.context.abort(message.reason);
        }
        break;
      case 'call':
        this.#callAside(message).catch(() => {});
        break;
    }
  }

  #take(key: JobKey, value: unknown): void {
    const name = nameOf(key);
    this.#awaited.get(name)?.(value);
    this.#awaited.delete(name);
  }

  /** A call for broadcast(): it is no job, and has no turn. */
  async #callAside({ id, function: fn, value }: { id: number; function: number; value: unknown }): Promise<void> {
    try {
      const loaded = await (this.#functions[fn] ?? this.#load(fn));
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

function nameOf({ shell, seqNr }: JobKey): string {
  return `${shell}:${seqNr}`;
}

function encodeOutput(output: unknown): Encoded {
  return output instanceof Transferred ? encode(output.value, output.transferList) : encode(output);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

if (!isMainThread && parentPort !== null) {
  // The pool has posted it before this worker ran. parentPort itself is left to the modules.
  const boot = receiveMessageOnPort(parentPort)?.message as Boot | undefined;
  if (boot !== undefined) new IsolateLoop(boot);
}
