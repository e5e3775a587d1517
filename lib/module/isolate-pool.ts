/**
 * The isolates of one instance, on its event loop: they are started when jobs wait for them, one for each CPU, end when they have had nothing to do
 * for a while or their CPU is not usable any more, and are replaced when they die.
 */
import { constants } from 'node:os';
import type { InstanceHandle, IsolateGroupHandle } from '../binding.js';
import { asError } from '../internal/as-error.js';
import { environment } from '../internal/environment.js';
import type { Cpumasks } from '../internal/instance-port.js';
import { JobQueue } from '../internal/job-queue.js';
import { Aborts } from './aborts.js';
import { Broadcasts } from './broadcasts.js';
import { channels } from './channels.js';
import { decodeError } from './errors.js';
import { noIsolate, ownerDead } from './failures.js';
import { Isolate, type IsolateListener, type IsolateOptions, type IsolateStats } from './isolate.js';
import { Limits } from './limits.js';
import type { FromIsolate, JobKey } from './messages.js';
import type { ModuleFunction } from './module-function.js';
import type { ModuleJob } from './module-job.js';
import { ModuleSerial } from './module-serial.js';
import { Notices } from './notices.js';
import { Results } from './results.js';
import { WANTS_EVENTS } from './seat.js';
import { startThreadPool } from './thread-pool.js';

const DEFAULT_IDLE_MS = 30_000;
/** How often those that are to end are looked at until they can, in milliseconds. */
const RETIRE_MS = 20;
/** After so many isolates in a row that could not start, waiting jobs are told. */
const MOST_FAILURES = 3;
const MOST_ROOM = 65536;
/** and in so many milliseconds it is tried again. */
const RETRY_MS = 50;

/** What the pool asks of its instance. */
export interface PoolOwner {
  readonly name: string;
  readonly usable: Cpumasks;
  /** Something went wrong in an isolate that no job can be blamed for. */
  onStray(error: Error): void;
}

export class IsolatePool implements IsolateListener {
  readonly group: IsolateGroupHandle;
  readonly queue: JobQueue;
  /** By CPU; without those that are on their way out. */
  readonly #isolates = new Map<number, Isolate>();
  readonly #leaving = new Set<Isolate>();
  /** What all isolates are told. */
  readonly notices = new Notices(() => this.all());
  readonly #owner: PoolOwner;
  readonly #options: IsolateOptions;
  readonly #limits = new Limits(() => this.all());
  readonly #aborts = new Aborts((record) => this.#abort(record));
  readonly #broadcasts = new Broadcasts();
  /** CPUs that have been the cb_cpu of a serial() that is a module function, with how many of those are pending. */
  readonly #serialCpus = new Map<number, number>();
  readonly #serials = new Map<number, ModuleSerial>();
  readonly #results = new Results(() => this.all());
  /** By the function's id. */
  readonly #rooms: number[] = [];
  #pending = 0;
  /** How many isolates are on CPUs of the usable parallel mask; others are there for serial() alone. */
  #working = 0;
  #weight = 0;
  #generation: Cpumasks | undefined;
  #wants = 0;
  #failures = 0;
  #isRetrying = false;
  #failure: Error | undefined;
  #reaper: NodeJS.Timeout | undefined;
  #isReferenced = false;
  #isClosed = false;
  #hasEnded!: () => void;
  /** Resolves when close() has been called and all have ended. */
  readonly ended = new Promise<void>((resolve) => {
    this.#hasEnded = resolve;
  });

  constructor(handle: InstanceHandle, owner: PoolOwner, options: IsolateOptions) {
    startThreadPool();
    this.#owner = owner;
    this.#options = options;
    this.group = handle.isolates();
    this.queue = new JobQueue(this.group, environment);
    this.masksChanged();
  }

  /** All isolates that have not ended. */
  *all(): Generator<Isolate> {
    yield* this.#isolates.values();
    yield* this.#leaving;
  }

  /** Before a job with this function is submitted: isolates learn what its id means, and what is to be told of it. */
  announce(fn: ModuleFunction<never, unknown>): void {
    this.#setWants();
    this.notices.define(fn);
  }

  /** How many bytes a result of this function may have beyond its input and still lie where the input was. */
  roomOf(fn: ModuleFunction<never, unknown>): number {
    return this.#rooms[fn.id] ?? 0;
  }

  /** A result did not fit. */
  makeRoom(fn: ModuleFunction<never, unknown>, bytes: number): void {
    const room = Math.min(MOST_ROOM, 2 ** Math.ceil(Math.log2(bytes + 1)));
    if (room > this.roomOf(fn) && bytes <= MOST_ROOM) this.#rooms[fn.id] = room;
  }

  /** A job was submitted. */
  submitted(record: ModuleJob): void {
    this.#pending++;
    if (!this.#isReferenced) this.#setRef(true);
    if (this.#working < this.#weight && this.#working < this.#pending) this.#startMore();
    if (record.options !== undefined) this.#watch(record);
  }

  /** A job has had its turn, or a serial(). */
  settled(record?: ModuleJob): void {
    this.#pending--;
    if (this.#pending === 0) this.#rest();
    if (record === undefined) return;
    this.#results.drop(record);
    if (record.options === undefined) return;
    this.#aborts.drop(record);
    this.#limits.drop(record);
  }

  /** A job whose serial() is a module function was submitted: the isolate of its cb_cpu is needed. */
  serialSubmitted(cpu: number): void {
    this.#pending++;
    if (!this.#isReferenced) this.#setRef(true);
    this.#serialCpus.set(cpu, this.#serialsOf(cpu) + 1);
    if (!this.#isolates.has(cpu)) this.#start(cpu);
  }

  serialSettled(cpu: number): void {
    this.#serialCpus.set(cpu, this.#serialsOf(cpu) - 1);
    this.settled();
  }

  /** A module function as a serial(). */
  serialOf(fn: ModuleFunction<never, unknown>): ModuleSerial {
    const known = this.#serials.get(fn.id);
    if (known !== undefined) return known;
    const made = new ModuleSerial(fn, this);
    this.#serials.set(fn.id, made);
    return made;
  }

  takeResult(key: JobKey): unknown {
    return this.#results.take(key);
  }

  /** Why jobs ended with -EAGAIN. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  stats(): IsolateStats[] {
    const all: IsolateStats[] = [];
    for (const { cpu, threadId, waiting, running } of this.all()) {
      if (waiting !== undefined && running !== undefined) all.push({ cpu, threadId, waiting, running });
    }
    return all.sort((a, b) => a.cpu - b.cpu);
  }

  masksChanged(): void {
    const usable = this.#owner.usable;
    if (this.#generation === usable) return;
    this.#generation = usable;
    this.#weight = usable.parallel.weight;
    for (const isolate of [...this.#isolates.values()]) if (!this.#isNeeded(isolate.cpu)) this.#retire(isolate);
    this.#countWorking();
    if (this.#pending > 0) this.#startMore();
  }

  /** Calls a function in every isolate; starts those of all usable CPUs. */
  broadcast(fn: ModuleFunction<never, unknown>, value: unknown): Promise<unknown[]> {
    this.notices.define(fn);
    const isolates = [...this.#owner.usable.parallel].map((cpu) => this.#isolates.get(cpu) ?? this.#start(cpu));
    if (!isolates.every((isolate) => isolate !== undefined))
      return Promise.reject(noIsolate('broadcast', this.#failure));
    this.#pending++;
    this.#setRef(true);
    return this.#broadcasts.call(isolates, fn.id, value).finally(() => this.settled());
  }

  /** Ends all of them. Nothing is pending. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#reaper);
    this.#setRef(true); // until they have ended
    for (const isolate of this.all()) isolate.kill();
    if (this.#isEmpty) this.#hasEnded();
  }

  onMessage(isolate: Isolate, message: FromIsolate): void {
    switch (message.kind) {
      case 'ready':
        this.#failures = 0;
        channels.isolateStart.publish({ instance: this.#owner.name, cpu: isolate.cpu, threadId: isolate.threadId });
        break;
      case 'want':
        this.#send(isolate, message);
        break;
      case 'result':
        this.#results.add(message);
        break;
      case 'called':
        this.#broadcasts.onCalled(isolate, message);
        break;
      case 'stray':
        this.#owner.onStray(decodeError(message.error));
        break;
      case 'events':
        for (const event of message.events) channels[event.what].publish({ instance: this.#owner.name, ...event });
        break;
    }
  }

  onExit(isolate: Isolate, exitCode: number, cause: Error | undefined): void {
    if (this.#isolates.get(isolate.cpu) === isolate) this.#isolates.delete(isolate.cpu);
    this.#leaving.delete(isolate);
    this.#countWorking();
    const died = isolate.seat.abandon();
    for (let i = 0; i < died.length; i += 3) {
      const [shell, seqNr, isSerial] = [died[i] as number, died[i + 1] as number, died[i + 2] === 1];
      const error = ownerDead(isolate, exitCode, cause);
      if (isSerial) this.#owner.onStray(error);
      else environment.portOf(shell)?.fail(seqNr, isolate.fate ?? error);
    }
    this.#broadcasts.onExit(isolate, ownerDead(isolate, exitCode, cause));
    channels.isolateExit.publish({ instance: this.#owner.name, cpu: isolate.cpu, exitCode, error: cause });
    if (this.#isClosed && this.#isEmpty) this.#hasEnded();
    if (this.#isClosed) return;
    if (isolate.isReady || isolate.isRetired) this.#replace();
    else this.#onStartFailure(cause ?? new Error(`the worker ended with code ${exitCode}`));
  }

  #replace(): void {
    for (const [cpu, pending] of this.#serialCpus) if (pending > 0 && !this.#isolates.has(cpu)) this.#start(cpu);
    if (this.#pending > 0) this.#startMore();
  }

  /** As many as there are jobs, at most one for each usable CPU; the event loop's own CPU comes last. */
  #startMore(): void {
    const wanted = Math.min(this.#weight, this.#pending);
    if (this.#working >= wanted || this.#isClosed) return;
    const here = environment.bridge.currentCpu();
    const cpus = [...this.#owner.usable.parallel].filter((cpu) => !this.#isolates.has(cpu));
    cpus.sort((a, b) => Number(a === here) - Number(b === here));
    for (const cpu of cpus.slice(0, wanted - this.#working)) this.#start(cpu);
  }

  #countWorking(): void {
    const { parallel } = this.#owner.usable;
    this.#working = [...this.#isolates.keys()].filter((cpu) => parallel.has(cpu)).length;
  }

  /** Undefined if it cannot be started; then that is tried again, some times. */
  #start(cpu: number): Isolate | undefined {
    if (this.#isClosed || this.#failures >= MOST_FAILURES) return undefined;
    try {
      const isolate = new Isolate(this.group, cpu, this.#owner.name, this.#options, this);
      this.#isolates.set(cpu, isolate);
      this.#countWorking();
      isolate.setRef(this.#isReferenced);
      isolate.setWants(this.#wants);
      this.notices.tell(isolate);
      this.#reapLater(this.#idleMs / 4);
      return isolate;
    } catch (error) {
      this.#onStartFailure(asError(error, 'new Worker() threw'));
      return undefined;
    }
  }

  /** Not one starts: the jobs that wait are told, and the next job tries anew. */
  #onStartFailure(cause: Error): void {
    this.#failure = cause;
    this.#failures++;
    // One look for all that have failed: after giving up, that is the end of it.
    if (!this.#isRetrying) queueMicrotask(() => this.#retry());
    this.#isRetrying = true;
  }

  #retry(): void {
    this.#isRetrying = false;
    if (this.#failures < MOST_FAILURES) this.#replace();
    else this.#giveUp();
  }

  /** Jobs that no isolate is there for are told. Others may come to their turn later: so it is tried again as long as some are pending. */
  #giveUp(): void {
    setTimeout(() => this.#replace(), RETRY_MS).unref();
    if ([...this.#isolates.values()].some((isolate) => !isolate.isReady)) return; // it may succeed, and otherwise comes here, too
    this.#failures = MOST_FAILURES - 1; // one more attempt, and they are told again
    if (this.#working === 0) this.group.cancel(-constants.errno.EAGAIN);
    for (const [cpu, pending] of this.#serialCpus) {
      if (pending === 0 || this.#isolates.has(cpu) || this.group.cancelSerials(cpu) === 0) continue;
      this.#owner.onStray(noIsolate('module function', this.#failure));
    }
  }

  /** The turn of a serial() may be a long time off, and then it has to be called there, whatever the masks are. */
  #isNeeded(cpu: number): boolean {
    const { parallel, serial } = this.#owner.usable;
    return parallel.has(cpu) || (this.#serialCpus.has(cpu) && serial.has(cpu)) || this.#serialsOf(cpu) > 0;
  }

  #serialsOf(cpu: number): number {
    return this.#serialCpus.get(cpu) ?? 0;
  }

  #isIdle(isolate: Isolate): boolean {
    if (!isolate.isReady || this.#serialsOf(isolate.cpu) > 0) return false;
    return isolate.idleFor() >= this.#idleMs && !isolate.isBusy;
  }

  get #isEmpty(): boolean {
    return this.#isolates.size + this.#leaving.size === 0;
  }

  get #idleMs(): number {
    return this.#options.idleMs ?? DEFAULT_IDLE_MS;
  }

  #retire(isolate: Isolate): void {
    this.#isolates.delete(isolate.cpu);
    this.#leaving.add(isolate);
    this.#countWorking();
    isolate.retire();
    this.#reapLater(RETIRE_MS);
  }

  #reapLater(ms: number): void {
    if (this.#reaper !== undefined && this.#leaving.size === 0) return;
    clearTimeout(this.#reaper);
    this.#reaper = setTimeout(() => this.#reap(), this.#leaving.size === 0 ? ms : RETIRE_MS).unref();
  }

  #reap(): void {
    this.#reaper = undefined;
    for (const isolate of [...this.#isolates.values()]) {
      if (this.#isIdle(isolate)) this.#retire(isolate);
    }
    for (const isolate of this.#leaving) isolate.retire();
    if (this.#isEmpty) return;
    this.#reapLater(this.#leaving.size === 0 ? this.#idleMs / 4 : RETIRE_MS);
  }

  #watch(record: ModuleJob): void {
    const { signal, timeLimitMs } = record.options ?? {};
    if (timeLimitMs !== undefined) this.#limits.add(record, timeLimitMs);
    if (signal !== undefined) this.#aborts.add(record, signal);
  }

  #abort(record: ModuleJob): void {
    record.fate = asError(record.options?.signal?.reason, 'aborted with');
    if (this.group.withdraw(record.address)) return;
    for (const isolate of this.all()) {
      if (!isolate.has(record)) continue;
      if (record.options?.hard) isolate.kill();
      else isolate.tell({ kind: 'abort', shell: record.shell, seqNr: record.seqNr, reason: record.fate });
    }
  }

  #send(isolate: Isolate, { shell, seqNr }: JobKey): void {
    // For a serial() it is what the job came to.
    const message = this.#results.get({ shell, seqNr }) ?? environment.portOf(shell)?.recordAt(seqNr)?.message;
    isolate.tell({ kind: 'input', shell, seqNr, value: message?.value }, message?.transfer);
  }

  #setWants(): void {
    const wants = channels.start.hasSubscribers || channels.finish.hasSubscribers ? WANTS_EVENTS : 0;
    if (wants === this.#wants) return;
    this.#wants = wants;
    for (const isolate of this.all()) isolate.setWants(wants);
  }

  #setRef(isReferenced: boolean): void {
    this.#isReferenced = isReferenced;
    for (const isolate of this.all()) isolate.setRef(isReferenced);
  }

  /** Nothing is pending. What isolates have printed before is on its way: one more turn of the event loop, and it is here. */
  #rest(): void {
    setImmediate(() => {
      if (this.#pending === 0 && !this.#isClosed) this.#setRef(false);
    });
  }
}
