/**
 * A shell as the event loop sees it: writes job entries in submission order, and delivers them in the same order once the
 * reorder engine has given them their turn. See core/shell.h.
 */
import type { AsyncResource } from 'node:async_hooks';
import { constants } from 'node:os';
import type { ShellHandle } from '../binding.js';
import { PadataError } from '../errors.js';
import type { Job } from '../job.js';
import { ModuleInput } from '../module/input.js';
import type { IsolatePool } from '../module/isolate-pool.js';
import type { ModuleFunction } from '../module/module-function.js';
import { type Caller, ModuleJob } from '../module/module-job.js';
import { readModuleOutcome } from '../module/outcome.js';
import { Closures } from './closures.js';
import { serializeChannel, submitChannel, tell } from './diagnostics.js';
import { environment } from './environment.js';
import { encodeInput, writeInput, writeNoInput } from './input.js';
import type { InstancePort } from './instance-port.js';
import type { JobQueue } from './job-queue.js';
import { Entry, Phase, ResultType, ShellWord } from './layout.js';
import { Milestones } from './milestones.js';
import { type FunctionHandle, Reference, type SerialHandle } from './native-function.js';
import { callSerial, readOutcome } from './outcome.js';
import { RunJob } from './run-job.js';
import { type Place, placeAt, type Segment } from './segment.js';

const moduleInput = new ModuleInput();

export class ShellPort {
  readonly id: number;
  readonly control: Int32Array;
  /** Jobs that were accepted and have not been serialized. */
  pending = 0;
  isFreed = false;
  /** For the environment: it is in its list of shells to deliver. */
  isQueued = false;
  /** One of its serial() functions is running, so that no other may begin. */
  isDelivering = false;

  readonly #handle: ShellHandle;
  readonly #owner: InstancePort;
  readonly #queue: JobQueue;
  /** Those whose parallel() is a closure. */
  readonly closures = new Closures(() => this.#reorderSoon());
  readonly #milestones = new Milestones();
  #isReordering = false;
  /** Of the instance, once a job with a module function has come. */
  #pool: IsolatePool | undefined;

  // Both as 32-bit integers that wrap, which is how the shared memory has them.
  #submitted = 0;
  #delivered = 0;

  #tail: Segment | undefined;
  #tailIndex = Entry.PER_SEGMENT;
  #head: Segment | undefined;
  #headIndex = 0;
  /** A segment that is through, and is given back when a job of the next one is. */
  #left: Segment | undefined;

  constructor(owner: InstancePort) {
    this.#owner = owner;
    this.#queue = owner.queue;
    this.#handle = owner.handle.createShell();
    this.id = this.#handle.id;
    this.control = new Int32Array(this.#handle.control);
    environment.addPort(this);
  }

  /** How many jobs were ever submitted, modulo 2^32; likewise delivered. */
  get submitted(): number {
    return this.#submitted;
  }

  get delivered(): number {
    return this.#delivered;
  }

  /**
   * Accepts a job whose parallel() is a native function. `serial` is undefined for a closure. Nothing has happened if it throws.
   *
   * @throws what the function's codec throws; PadataError ENOMEM, or what the serial thread could not be started for
   */
  submitNative(
    job: Job,
    data: unknown,
    parallel: FunctionHandle,
    serial: SerialHandle | undefined,
    cbCpu: number,
  ): void {
    if (serial !== undefined && serial.pool === undefined) this.#owner.ensureSerialThread(cbCpu);
    const hasInput = data !== undefined || parallel.needsInput === true; // V8 knows then that it is a boolean
    if (hasInput) this.#encodeInput(data, parallel, serial);
    if (this.#queue.isFull || this.#tailIndex === Entry.PER_SEGMENT) this.#makeRoom(this.#queue);
    const segment = this.#tail as Segment;
    const index = this.#tailIndex;
    // A native serial() would look for the result in the slab.
    if (hasInput) writeInput(parallel, serial === undefined ? parallel.reference : Reference.NONE, segment, index);
    else writeNoInput(segment, index);
    this.#tailIndex = index + 1;
    const words = segment.words;
    const base = index << 4;
    words[base + Entry.PARALLEL] = parallel.low;
    words[base + Entry.PARALLEL + 1] = parallel.high;
    parallel.inFlight++;
    segment.functions[index] = parallel;
    this.#enter(segment, index, job, serial, cbCpu);
    this.#queue.push(segment.low + index * Entry.BYTE_LENGTH, segment.high);
  }

  /**
   * Accepts a job whose parallel() is a module function.
   *
   * @throws DataCloneError, or what a getter of the data throws; PadataError ENOMEM
   */
  submitModule(
    job: Job,
    data: unknown,
    fn: ModuleFunction<never, unknown>,
    serial: SerialHandle | undefined,
    cbCpu: number,
    pool: IsolatePool,
    caller: Caller | undefined,
  ): void {
    if (serial !== undefined && serial.pool === undefined) this.#owner.ensureSerialThread(cbCpu);
    const options = job.moduleOptions;
    moduleInput.take(data, options?.transfer, pool.roomOf(fn));
    if (this.isFreed) throw new PadataError('EINVAL', 'doParallel', 'the shell was freed while job.data was read');
    this.#makeRoom(pool.queue);
    const segment = this.#tail as Segment;
    const index = this.#tailIndex;
    moduleInput.write(segment, index, fn);
    this.#tailIndex++;
    const address = (segment.low >>> 0) + index * Entry.BYTE_LENGTH + (segment.high >>> 0) * 2 ** 32;
    const at = { shell: this.id, seqNr: this.#submitted, address };
    const isScoped = serial === undefined && !(job instanceof RunJob);
    segment.setModule(index, new ModuleJob(job, fn, at, moduleInput.message, isScoped, caller, options));
    pool.announce(fn);
    this.#pool = pool;
    this.#enter(segment, index, job, serial, cbCpu);
    pool.queue.push(segment.low + index * Entry.BYTE_LENGTH, segment.high);
    pool.submitted(segment.modules[index] as ModuleJob);
  }

  /** The record of a job with a module function that has not had its turn. */
  recordAt(seqNr: number): ModuleJob | undefined {
    const at = this.#find(seqNr);
    return at?.segment.modules[at.index];
  }

  /** A job with a module function will never be completed by an isolate: it fails. */
  fail(seqNr: number, error: Error): void {
    const at = this.#find(seqNr);
    const record = at?.segment.modules[at.index];
    if (at === undefined || record === undefined) return;
    const { words } = at.segment;
    const base = at.index << 4;
    record.fate ??= error;
    words[base + Entry.STATUS] = -constants.errno.ECANCELED;
    words[base + Entry.RESULT_TYPE] = ResultType.NONE;
    Atomics.store(words, base + Entry.STATE, (seqNr << Phase.BITS) | Phase.DONE);
    this.#reorderSoon();
  }

  /** Accepts a job whose parallel() is a closure. Throws as submitNative() does, and EBUSY. */
  submitClosure(job: Job, serial: SerialHandle | undefined, cbCpu: number): void {
    this.closures.checkNew(job);
    if (serial !== undefined && serial.pool === undefined) this.#owner.ensureSerialThread(cbCpu);
    const segment = this.#place();
    const index = this.#tailIndex++;
    const words = segment.words;
    words.fill(0, index << 4, (index + 1) << 4);
    const seqNr = this.#submitted;
    this.#enter(segment, index, job, serial, cbCpu);
    this.closures.add(job, { segment, index, seqNr });
  }

  /** Resolves when so many jobs, modulo 2^32, have been delivered. */
  reached(jobs: number): Promise<void> {
    if (((this.#delivered - jobs) | 0) >= 0) return Promise.resolve();
    return this.#milestones.reached(jobs);
  }

  /** Called by the environment after complete(). */
  reorder(): void {
    this.#isReordering = false;
    this.#handle.reorder();
  }

  /** Calls serial() for up to `limit` jobs whose turn it is. Returns how many. */
  deliver(limit: number): number {
    if (this.isFreed) return 0;
    const ready = Math.min(limit, (Atomics.load(this.control, ShellWord.COMMIT) - this.#delivered) >>> 0);
    let count = 0;
    this.isDelivering = true;
    while (count < ready && this.#deliverOne()) count++;
    this.isDelivering = false;
    return count;
  }

  /** Frees the shell; no job is pending. */
  free(): void {
    this.isFreed = true;
    this.#handle.awaitQuiet();
    environment.dropPort(this);
    this.#handle.free();
    for (let segment = this.#left ?? this.#head; segment !== undefined; segment = segment.next) {
      environment.segments.give(segment);
    }
    this.#left = undefined;
    this.#head = undefined;
    this.#tail = undefined;
  }

  /** A job was submitted. Last of all: whoever listens may submit further ones. */
  tellSubmitted(job: Job, cbCpu: number): void {
    if (submitChannel.hasSubscribers) this.#tell(submitChannel, this.#submitted - 1, cbCpu, job);
  }

  #tell(channel: typeof submitChannel, seqNr: number, cbCpu: number, job: Job): void {
    tell(channel, this.#owner.name, this.id, seqNr, cbCpu, job);
  }

  #reorderSoon(): void {
    if (this.#isReordering) return;
    this.#isReordering = true;
    environment.reorderSoon(this);
  }

  /** Where the entry of a job is that is pending. */
  #find(seqNr: number): Place | undefined {
    return placeAt(this.#head, this.#headIndex + ((seqNr - this.#delivered) | 0));
  }

  /** The input may have getters, and those are the user's: what they may have freed is looked at again. */
  #encodeInput(data: unknown, parallel: FunctionHandle, serial: SerialHandle | undefined): void {
    encodeInput(parallel.codec, data);
    if (!this.isFreed && !parallel.isFreed && serial?.isFreed !== true) return;
    throw new PadataError('EINVAL', 'doParallel', 'the shell or the function was freed while job.data was read');
  }

  /** Sees to a place in a queue, and in a segment. @throws PadataError ENOMEM */
  #makeRoom(queue: JobQueue): void {
    queue.reserve();
    this.#place();
  }

  /** The segment that the next entry is written to. @throws PadataError ENOMEM */
  #place(): Segment {
    if (this.#tailIndex < Entry.PER_SEGMENT) return this.#tail as Segment;
    const address = this.#handle.grow();
    if (address === undefined) throw new PadataError('ENOMEM', 'doParallel', 'no memory for more jobs');
    const segment = environment.segments.take(address);
    if (this.#tail !== undefined) this.#tail.next = segment;
    if (this.#head === undefined) this.#head = segment;
    this.#tail = segment;
    this.#tailIndex = 0;
    return segment;
  }

  /** Writes what all jobs have in common. */
  #enter(segment: Segment, index: number, job: Job, serial: SerialHandle | undefined, cbCpu: number): void {
    const words = segment.words;
    const base = index << 4;
    words[base + Entry.CB_CPU] = cbCpu | 0; // V8 would go by way of a floating-point number
    if (serial === undefined) {
      words[base + Entry.SERIAL] = 0;
      words[base + Entry.SERIAL + 1] = 0;
    } else {
      words[base + Entry.SERIAL] = serial.low;
      words[base + Entry.SERIAL + 1] = serial.high;
      serial.inFlight++;
      segment.setSerial(index, serial);
      serial.pool?.serialSubmitted(cbCpu);
    }
    segment.jobs[index] = job;
    words[base + Entry.STATE] = (this.#submitted << Phase.BITS) | Phase.SUBMITTED;
    this.#submitted = (this.#submitted + 1) | 0;
    this.pending++;
    environment.jobAccepted();
  }

  /** False if native serial() of the next job has not returned yet. */
  #deliverOne(): boolean {
    const segment = this.#head as Segment;
    const index = this.#headIndex;
    if (segment.isSpecial) return this.#deliverSpecial(segment, index);
    const job = this.#complete(segment, index);
    this.#advance();
    this.#serialize(job, segment, index, undefined);
    return true;
  }

  /** The same in a segment where there may be a native serial(), or a module function. */
  #deliverSpecial(segment: Segment, index: number): boolean {
    const serial = segment.serials.get(index);
    if (serial !== undefined && !this.#isSerialized(segment, index)) return false;
    const module = segment.modules[index];
    if (module !== undefined) {
      segment.modules[index] = undefined;
      readModuleOutcome(module, segment, index, this.#pool as IsolatePool);
    }
    const job = this.#complete(segment, index);
    if (serial !== undefined) {
      segment.serials.delete(index);
      serial.release(cbCpuOf(segment, index));
    }
    this.#advance();
    if (module !== undefined) (this.#pool as IsolatePool).settled(module);
    this.#serialize(job, segment, index, serial, module?.scope);
    return true;
  }

  /** Reads what a native function came to, and lets go of what the entry kept. */
  #complete(segment: Segment, index: number): Job {
    const job = segment.jobs[index] as Job;
    segment.jobs[index] = undefined;
    const parallel = segment.functions[index];
    if (parallel !== undefined) {
      segment.functions[index] = undefined;
      readOutcome(job, parallel, segment, index);
      parallel.release();
    }
    const slab = segment.slabs[index];
    if (slab !== undefined) {
      segment.slabs[index] = undefined;
      environment.slabs.release(slab);
    }
    return job;
  }

  /** The entry is still there, although #advance() has counted it. */
  #serialize(job: Job, segment: Segment, index: number, serial: SerialHandle | undefined, scope?: AsyncResource): void {
    if (serializeChannel.hasSubscribers) {
      this.#tell(serializeChannel, this.#delivered - 1, cbCpuOf(segment, index), job);
    }
    if (serial === undefined) callSerial(job, scope);
    if (!this.#milestones.isEmpty) this.#milestones.advance(this.#delivered);
  }

  #isSerialized(segment: Segment, index: number): boolean {
    return (
      Atomics.load(segment.words, (index << 4) + Entry.STATE) === ((this.#delivered << Phase.BITS) | Phase.SERIALIZED)
    );
  }

  /** The job at the head is through. */
  #advance(): void {
    this.#delivered = (this.#delivered + 1) | 0;
    this.pending--;
    environment.jobSerialized();
    if (this.#left !== undefined) {
      this.#handle.retire();
      environment.segments.give(this.#left);
      this.#left = undefined;
    }
    if (++this.#headIndex < Entry.PER_SEGMENT) return;
    // Where there is no next segment yet, the next one made becomes the head, see #place().
    this.#left = this.#head as Segment;
    this.#head = this.#left.next;
    this.#headIndex = 0;
  }
}

function cbCpuOf(segment: Segment, index: number): number {
  return segment.words[(index << 4) + Entry.CB_CPU] as number;
}
