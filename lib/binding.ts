/** The only place that loads the native addon, and the only description of what it offers. */
import { join } from 'node:path';

/** A cpumask as native code has it: bit b of word w is CPU w * 32 + b. */
export type MaskWords = Uint32Array;

/** What the kernel would refuse. */
export interface MaskRefusal {
  errno: number;
  position: number;
}

/** An address as a number; user space lies below 2^53. */
export type Address = number;

/** What a native function says of itself. */
export interface FunctionDescription {
  address: Address;
  name: string;
  isRange: boolean;
  /** Of a range function: its memory comes as an array of struct padata_part. */
  takesParts: boolean;
  headroom: number;
  tailroom: number;
}

/** Memory for bytes of jobs. */
export interface SlabMemory {
  buffer: ArrayBuffer;
  address: Address;
  handle: Address;
}

/** See binding/bridge.h. */
export interface BridgeHandle {
  readonly control: ArrayBuffer;
  setRef(isReferenced: boolean): void;
  /** Lets a thread that wants this CPU have it. */
  giveWay(): void;
  /** A string says why the value was refused. */
  addFunction(external: unknown): FunctionDescription | string;
  dropFunction(address: Address): void;
  addSlab(bytes: number): SlabMemory | undefined;
  dropSlab(handle: Address): void;
  /** A copy of bytes of a slab whose ArrayBuffer is gone. */
  slabBytes(handle: Address, offset: number, size: number): Uint8Array;
  /** Where the event loop runs just now. */
  currentCpu(): number;
  /** Blocks until a shell is put on the ready list, or for so many milliseconds; the loop is not armed afterwards. */
  sleep(milliseconds: number): void;
  segmentBuffer(segment: Address): ArrayBuffer;
  /** The memory of a result that has memory of its own. */
  takeResult(memory: Address): ArrayBuffer | undefined;
}

/** See core/instance.h. Numbers that are returned are 0 or a negative errno. */
export interface InstanceHandle {
  readonly errno: number;
  readonly control: ArrayBuffer;
  readonly queue: ArrayBuffer;
  growQueue(): ArrayBuffer | undefined;
  setCpumask(isParallel: boolean, mask: MaskWords): number;
  usable(): { parallel: MaskWords; serial: MaskWords };
  ensureSerialThread(cpu: number): number;
  createShell(): ShellHandle;
  /** For each CPU that is worth it: its number, jobs, pins lost, pins restored, usable since (in ms since the epoch, or -1). */
  statsOfCpus(): Float64Array;
  /** What runs module functions. */
  isolates(): IsolateGroupHandle;
  setRunning(isRunning: boolean): void;
  kick(): void;
  rescue(): void;
  /** From now on CHANGING is also set while the masks are changed because the machine has changed. */
  refuseWhileFollowing(): void;
  /** How many jobs no thread has claimed, or a thread has given back. */
  backlog(): number;
  cancelBacklog(): void;
  close(): void;
}

/** See core/isolate_group.h. */
export interface IsolateGroupHandle {
  readonly control: ArrayBuffer;
  readonly queue: ArrayBuffer;
  growQueue(): ArrayBuffer | undefined;
  kick(): void;
  add(cpu: number): IsolateSeatHandle;
  /** See IsolateGroup::Withdraw(). */
  withdraw(job: Address): boolean;
  /** Ends every job that no isolate has claimed with an errno. */
  cancel(status: number): void;
  /** Has every serial() that waits for the isolate of this CPU count as made; returns how many. */
  cancelSerials(cpu: number): number;
}

/** An isolate as its owner sees it: see core/isolate.h. */
export interface IsolateSeatHandle {
  readonly address: Address;
  readonly memory: ArrayBuffer;
  retire(): boolean;
  /** See Isolate::CompleteEarly(). */
  completeEarly(): void;
  /** For each job that had begun: its shell, its seqNr, 1 if it was a serial(). */
  abandon(): Float64Array;
}

/** An isolate as it sees itself: see core/isolate.h. */
export interface IsolateHandle {
  readonly memory: ArrayBuffer;
  turn(arena: Uint8Array): number;
  giveBack(): void;
  mayClaim(): boolean;
  isWanted(): boolean;
  fetch(slot: number, to: Uint8Array): void;
  finish(slot: number, type: number, status: number, bytes: Uint8Array): void;
}

/** See core/shell.h. */
export interface ShellHandle {
  readonly id: number;
  readonly control: ArrayBuffer;
  /** The address of a new segment. */
  grow(): Address | undefined;
  retire(): void;
  reorder(): void;
  awaitQuiet(): void;
  free(): void;
}

/** What a multithreaded job is started with. */
export interface MtDescription {
  /** start, size, align, minChunk, maxThreads */
  request: Float64Array;
  /** Up to three; more than one only for functions that take parts. The caller keeps it until the job is done. */
  memory: Uint8Array[];
  /** The caller will call takePart() until that returns true. Otherwise the event loop is woken when the job is done. */
  hasCaller: boolean;
  numaAware: boolean;
  /** start, end and node of each */
  placement: Float64Array;
}

/** See core/mt_job.h. Made is started. */
export interface MtJobHandle {
  /** Nobody touches its memory any more. */
  readonly isDone: boolean;
  readonly unitsDone: number;
  /** For so many milliseconds, which may be Infinity; true when the job is done. */
  takePart(milliseconds: number): boolean;
  /** Of each chunk that failed: a negative errno, start, end. */
  failures(): Float64Array;
  /** No further chunk is begun. */
  stop(): void;
}

/** What the addon exports. Native code trusts its callers: the arguments were checked before they come here. */
export interface Binding {
  BridgeHandle: new (drain: () => void) => BridgeHandle;
  InstanceHandle: new (
    bridge: BridgeHandle,
    name: string,
    parallel: MaskWords,
    serial: MaskWords,
    checkMs: number,
  ) => InstanceHandle;
  IsolateHandle: new (address: Address, drain: () => void) => IsolateHandle;
  MtJobHandle: new (instance: InstanceHandle, fn: Address, description: MtDescription) => MtJobHandle;
  /** See binding/cpumask_exports.h. */
  cpumask: {
    parse(text: string, nrCpus?: number): MaskWords | MaskRefusal;
    parseList(text: string, nrCpus?: number): MaskWords | MaskRefusal;
    format(words: MaskWords, nrCpus: number): string;
    formatList(words: MaskWords): string;
    possible(): MaskWords;
    present(): MaskWords;
    online(): MaskWords;
    allowed(): MaskWords;
  };
}

/** Both lib/ and dist/ are one level below the root of the package. */
const root = join(__dirname, '..');

function load(): Binding {
  const find = require('node-gyp-build') as (root: string) => Binding;
  try {
    return find(root);
  } catch (cause) {
    const platform = `${process.platform}-${process.arch}`;
    const remedy = 'padata is for Linux; in a checkout of it, run `npm run build`';
    const reason = (cause as Error).message;
    throw new Error(`padata: the native addon for ${platform} cannot be loaded (${remedy}): ${reason}`, { cause });
  }
}

export const binding: Binding = load();
