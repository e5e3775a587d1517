/**
 * The event loop's side of the mechanism: one per environment (the main thread, or a Worker). It is woken by the bridge,
 * takes the list of shells that have jobs whose turn it is, and calls their serial() functions.
 *
 * Sleep and wake: see core/environment.h. Whenever no drain is running or scheduled, `armed` is set, so that the next
 * completion wakes the loop; while one is running, completions cost the threads nothing.
 */
import { AsyncResource } from 'node:async_hooks';
import { performance } from 'node:perf_hooks';
import { type BridgeHandle, binding } from '../binding.js';
import { Fifo } from './fifo.js';
import type { JobQueue } from './job-queue.js';
import { EnvironmentWord, ShellWord } from './layout.js';
import { isFew, Polling } from './polling.js';
import { SegmentCache } from './segment.js';
import type { ShellPort } from './shell-port.js';
import { SlabAllocator } from './slab.js';

/** How long one drain may keep the event loop, in milliseconds. */
const DRAIN_BUDGET_MS = 1;
/**
 * Jobs that serial() functions submit are published in groups: the larger, the fewer cache lines go to and fro. Of this share of those in flight, or
 * loop and threads would take turns, within these bounds,
 */
const GROUP_SHARE = 1 / 8;
const SMALL_GROUP = 32;
const LARGEST_GROUP = 128;
/** and not held back for longer than about this, in milliseconds. */
const GROUP_MS = 0.02;
/** How long nothing may move, while jobs wait, before the threads are looked at; doubled up to the second value. */
const FIRST_LOOK_MS = 2;
const LAST_LOOK_MS = 64;
/** While something moves, so many times longer: of several shells, or threads, one may be stuck. */
const LOOKS_WHILE_MOVING = 8;

/** What the environment asks of an instance. */
export interface WatchedInstance {
  /** How long one of its jobs takes a thread, in nanoseconds: an average. 0 if none was submitted since the last call. */
  takeCost(): number;
  /** Called now and then while jobs are pending: a thread may be stuck in a long job, see core/instance.h. */
  rescue(): void;
  /** The usable masks of some instance, perhaps of this one, have changed. */
  masksChanged(): void;
}

/** What the environment asks of a multithreaded job that is not done. */
export interface WatchedMtJob {
  readonly isDone: boolean;
  /** Called once, when it is. Must not throw. */
  settle(): void;
}

export class Environment {
  readonly bridge: BridgeHandle;
  readonly slabs: SlabAllocator;
  readonly segments: SegmentCache;
  /** Instances that are open. */
  readonly instances = new Set<WatchedInstance>();
  /** serial() functions are being called; what they submit is published in groups. */
  isDraining = false;
  /** When the present group of them was begun, by `performance.now()`. */
  groupTime = 0;
  /** Queues with jobs that were not published yet. */
  readonly dirtyQueues: JobQueue[] = [];

  readonly #control: Int32Array;
  readonly #scope = new AsyncResource('padata');
  /** By id; ids begin with 1. */
  readonly #ports: (ShellPort | undefined)[] = [];
  /** Shells that have jobs to deliver, or may have; each at most once, see ShellPort.isQueued. */
  readonly #ready = new Fifo<ShellPort>();
  readonly #mtJobs = new Set<WatchedMtJob>();
  #dirtyShells: ShellPort[] = [];
  #pending = 0;
  #delivered = 0;
  #isReferenced = false;
  #isScheduled = false;
  #groupSize = SMALL_GROUP;
  readonly #polling = new Polling();
  #look: NodeJS.Timeout | undefined;
  #lookMs = FIRST_LOOK_MS;
  #looks = 0;
  #deliveredAtLook = 0;

  constructor() {
    this.bridge = new binding.BridgeHandle(() => this.#drain());
    this.#control = new Int32Array(this.bridge.control);
    this.slabs = new SlabAllocator(this.bridge);
    this.segments = new SegmentCache(this.bridge, this.slabs.hidden);
    Atomics.store(this.#control, EnvironmentWord.ARMED, 1);
  }

  addPort(port: ShellPort): void {
    this.#ports[port.id] = port;
  }

  /** The native side has promised not to put this shell on the list any more; it may be on it now. */
  dropPort(port: ShellPort): void {
    this.#collect(); // it may still be on the ready list of its own, too: then deliver() finds it freed
    this.#ports[port.id] = undefined;
  }

  /** The shell with this id, if there is one. */
  portOf(id: number): ShellPort | undefined {
    return this.#ports[id];
  }

  /** A job was accepted: the event loop stays alive for it. A drain sees to that at its end. */
  jobAccepted(): void {
    this.#pending++;
    if (this.isDraining === false) this.#lookOut(); // `!` asks for seven other things that are false, too
  }

  /** A job has been serialized. */
  jobSerialized(): void {
    this.#pending--;
    this.#delivered++;
  }

  /** A multithreaded job was started: the event loop stays alive for it, and keeps it until it is done. */
  addMtJob(job: WatchedMtJob): void {
    this.#mtJobs.add(job);
    this.#pending++;
    if (!this.#isReferenced) this.#refer();
  }

  /** A job of this shell was completed on the event loop; its turn is looked at soon. */
  reorderSoon(port: ShellPort): void {
    if (this.#dirtyShells.push(port) === 1 && !this.isDraining) queueMicrotask(() => this.#reorder());
  }

  /**
   * For those who wait in the middle of a turn: calls the serial() functions of one shell that have their turn, and returns how
   * many. None of that shell may be running.
   */
  deliverNow(port: ShellPort): number {
    this.#flush();
    this.#collect();
    return this.#scope.runInAsyncScope(() => port.deliver(Number.POSITIVE_INFINITY));
  }

  /** For those, too: blocks until a thread has completed something, and so many milliseconds at most. */
  sleep(milliseconds: number): void {
    this.bridge.sleep(milliseconds);
    if (!this.isDraining) this.#schedule(); // which also arms the loop again
  }

  #lookOut(): void {
    if (!this.#isReferenced) this.#refer();
    if (isFew(this.#pending) && !this.#isScheduled) this.#startPolling();
  }

  #refer(): void {
    this.#isReferenced = true;
    this.bridge.setRef(true);
    this.#watch();
  }

  #unrefer(): void {
    if (!this.#isReferenced) return;
    this.#isReferenced = false;
    this.bridge.setRef(false);
  }

  #startPolling(): void {
    if (!this.#polling.begin(this.#pending, performance.now())) return;
    Atomics.store(this.#control, EnvironmentWord.ARMED, 0);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#drainInScope);
  }

  /** Not in the asynchronous context of whoever happened to schedule it: serial() functions of all kinds of callers run here. */
  readonly #drainInScope = (): void => this.#scope.runInAsyncScope(this.#drain);

  #reorder(): void {
    const ports = this.#dirtyShells;
    this.#dirtyShells = [];
    for (const port of ports) port.reorder();
  }

  #flush(): void {
    if (this.#dirtyShells.length !== 0) this.#reorder();
    for (let queue = this.dirtyQueues.pop(); queue !== undefined; queue = this.dirtyQueues.pop()) queue.flush();
  }

  readonly #drain = (): void => {
    this.#isScheduled = false;
    if (this.isDraining) return;
    Atomics.store(this.#control, EnvironmentWord.ARMED, 0);
    Atomics.store(this.#control, EnvironmentWord.LOOKING, 0);
    if (Atomics.load(this.#control, EnvironmentWord.MASKS_CHANGED) !== 0) this.#tellMasksChanged();
    if (Atomics.load(this.#control, EnvironmentWord.MT_DONE) !== 0) this.#settleMtJobs();
    this.isDraining = true;
    const delivered = this.#delivered;
    const begin = performance.now();
    let isDone = false;
    try {
      isDone = this.#deliver(begin, begin + DRAIN_BUDGET_MS);
    } finally {
      this.isDraining = false;
      this.#flush();
      this.#rest(isDone, delivered, begin);
    }
  };

  #tellMasksChanged(): void {
    Atomics.store(this.#control, EnvironmentWord.MASKS_CHANGED, 0); // first: what changes from here on is told again
    for (const instance of this.instances) instance.masksChanged();
  }

  #settleMtJobs(): void {
    Atomics.store(this.#control, EnvironmentWord.MT_DONE, 0); // first: what is done from here on is told again
    for (const job of this.#mtJobs) {
      if (!job.isDone) continue;
      this.#mtJobs.delete(job);
      this.jobSerialized();
      job.settle();
    }
  }

  /** Delivers until there is nothing left (true) or the time is up. */
  #deliver(begin: number, end: number): boolean {
    let before = begin;
    while (true) {
      this.#collect();
      const port = this.#ready.shift();
      if (port === undefined) return true;
      this.groupTime = before;
      port.isQueued = false; // first: what is completed from here on, while a serial() waits for another shell, is told again
      const count = port.deliver(this.#groupSize);
      if (count === this.#groupSize) this.#enqueue(port); // there may be more; the others come first
      this.#flush();
      const now = performance.now();
      if (count !== 0) this.#groupSize = groupSizeFor((now - before) / count, this.#pending);
      if (now >= end) return false;
      before = now;
    }
  }

  /** Moves the shared list of ready shells to our own. */
  #collect(): void {
    if (Atomics.load(this.#control, EnvironmentWord.READY_HEAD) === 0) return;
    let id = Atomics.exchange(this.#control, EnvironmentWord.READY_HEAD, 0);
    while (id !== 0) {
      const port = this.#ports[id] as ShellPort;
      id = Atomics.load(port.control, ShellWord.READY_NEXT);
      Atomics.store(port.control, ShellWord.READY, 0); // before `commit` is read, see core/environment.h
      this.#enqueue(port);
    }
  }

  #enqueue(port: ShellPort): void {
    if (port.isQueued) return;
    port.isQueued = true;
    this.#ready.push(port);
  }

  /** Goes on later, or lets the loop sleep until it is woken. */
  #rest(isDone: boolean, before: number, begin: number): void {
    const now = performance.now();
    const delivered = this.#delivered - before;
    this.#polling.looked(delivered, this.#pending, begin, now, this.#takeCost);
    if (delivered !== 0 && this.#lookMs !== FIRST_LOOK_MS) this.#lookSoon();
    if (this.#pending === 0) this.#unrefer();
    else if (!this.#isReferenced) this.#refer();
    const isPolling = isDone && this.#pending !== 0 && this.#polling.goesOn(delivered !== 0, this.#pending, now);
    if (!isDone || isPolling) {
      if (isPolling) this.#giveWay();
      this.#schedule();
      return;
    }
    Atomics.store(this.#control, EnvironmentWord.ARMED, 1);
    if (!this.#hasNews()) return;
    Atomics.store(this.#control, EnvironmentWord.ARMED, 0);
    this.#schedule();
  }

  readonly #takeCost = (): number => {
    let most = 0;
    for (const instance of this.instances) most = Math.max(most, instance.takeCost());
    return most;
  };

  /** Whether a thread has something for the loop, which has just said that it sleeps. */
  #hasNews(): boolean {
    const control = this.#control;
    if (Atomics.load(control, EnvironmentWord.READY_HEAD) !== 0) return true;
    return (
      Atomics.load(control, EnvironmentWord.MASKS_CHANGED) !== 0 || Atomics.load(control, EnvironmentWord.MT_DONE) !== 0
    );
  }

  /** The loop has nothing to do but to look again: with many jobs in flight the thread of its CPU has, and goes first. */
  #giveWay(): void {
    Atomics.store(this.#control, EnvironmentWord.LOOKING, 1);
    if (!isFew(this.#pending)) this.bridge.giveWay();
  }

  /**
   * While jobs are pending, looks after threads that are stuck in a long job: what they have claimed besides is given to others, what they have
   * finished before is delivered.
   */
  #watch(): void {
    if (this.#look === undefined) {
      this.#look = setTimeout(() => this.#lookAfter(), this.#lookMs).unref();
    }
  }

  /** Things move again: those who put off a wake-up rely on it that the loop looks in a moment. */
  #lookSoon(): void {
    clearTimeout(this.#look);
    this.#look = undefined;
    this.#lookMs = FIRST_LOOK_MS;
    if (this.#pending !== 0) this.#watch();
  }

  #lookAfter(): void {
    this.#look = undefined;
    if (!this.#isReferenced) {
      this.#lookMs = FIRST_LOOK_MS;
      return;
    }
    const hasMoved = this.#deliveredAtLook !== this.#delivered;
    this.#deliveredAtLook = this.#delivered;
    this.#lookMs = hasMoved ? FIRST_LOOK_MS : Math.min(2 * this.#lookMs, LAST_LOOK_MS);
    if (!hasMoved || ++this.#looks % LOOKS_WHILE_MOVING === 0) for (const instance of this.instances) instance.rescue();
    if (Atomics.load(this.#control, EnvironmentWord.READY_HEAD) !== 0) this.#schedule(); // a thread that had promised more is in a long job
    this.#watch();
  }
}

/** How many jobs may be held back when one serial() takes so many milliseconds, and so many are in flight. */
function groupSizeFor(milliseconds: number, pending: number): number {
  const most = Math.max(SMALL_GROUP, Math.min(Math.floor(pending * GROUP_SHARE), LARGEST_GROUP));
  if (milliseconds * most <= GROUP_MS) return most;
  return Math.max(1, Math.floor(GROUP_MS / milliseconds));
}

/** The environment that this module was loaded in. */
export const environment = new Environment();
