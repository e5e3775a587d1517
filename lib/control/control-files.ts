/** The control files of one instance: what is written to them changes its masks, what is set otherwise is shown in them. */
import { type FSWatcher, watch } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { CpuMask } from '../cpumask.js';
import { PadataError } from '../errors.js';
import { nrCpuIds } from '../internal/cpumask-text.js';
import type { Cpumasks, CpuStats } from '../internal/instance-port.js';
import { type Claim, isHeld, release } from './claim.js';
import { LastError } from './last-error.js';
import { MaskFile, type Write } from './mask-file.js';
import { giveSignOfLife, OWNER_FILE } from './owner.js';
import { STATS_FILE, StatsFile } from './stats-file.js';

/** The instance, as its control files see it. */
export interface ControlTarget {
  readonly cpumask: Cpumasks;
  /** What is shown in the file `stats`. */
  readonly cpuStats: readonly CpuStats[];
  setCpumask(type: 'parallel' | 'serial', mask: CpuMask): void;
  /** Something was refused, or went wrong. */
  tell(error: PadataError): void;
}

/** Times in milliseconds, and what tests need. */
export interface ControlSettings {
  /** The kernel's nr_cpu_ids. */
  nrCpus?: number;
  /** From the first event to the look: a writer may not be done yet. */
  debounceMs?: number;
  /** Between looks without an event. 0: there are none. */
  pollMs?: number;
  /** How long a file may be empty. */
  graceMs?: number;
  /** Whether to listen for events of the file system. */
  watches?: boolean;
}

export class ControlFiles {
  #claim: Claim;
  readonly #reclaim: () => Claim;
  readonly #target: ControlTarget;
  readonly #nrCpus: number;
  readonly #debounceMs: number;
  readonly #watches: boolean;
  readonly #files: readonly MaskFile[];
  readonly #lastError: LastError;
  #stats: StatsFile;
  #watcher: FSWatcher | undefined;
  #soon: NodeJS.Timeout | undefined;
  readonly #poll: NodeJS.Timeout | undefined;
  #isChecking = false;
  #trouble = '';

  /** @param claim makes the directory; called again if somebody removes it */
  constructor(claim: () => Claim, target: ControlTarget, settings: ControlSettings = {}) {
    const { nrCpus = nrCpuIds(), debounceMs = 10, pollMs = 1000, graceMs = 1000, watches = true } = settings;
    this.#reclaim = claim;
    this.#claim = claim();
    this.#target = target;
    this.#nrCpus = nrCpus;
    this.#debounceMs = debounceMs;
    this.#watches = watches;
    const types = ['parallel', 'serial'] as const;
    this.#files = types.map((type) => new MaskFile(type, join(this.directory, `${type}_cpumask`), graceMs));
    this.#lastError = new LastError(this.directory);
    this.#stats = new StatsFile(this.directory);
    try {
      this.#fill();
    } catch (error) {
      this.close();
      throw error;
    }
    if (pollMs > 0) this.#poll = setInterval(() => this.#slowLook(), pollMs).unref();
  }

  /** Where the files are. */
  get directory(): string {
    return this.#claim.path;
  }

  /** Takes what was written, in the order in which it was written, and puts the files right. Never throws. */
  check(): void {
    if (this.#isChecking) return;
    this.#isChecking = true;
    try {
      const writes = this.#files.flatMap((file) => file.writes());
      writes.sort((a, b) => (a.at < b.at ? -1 : Number(a.at > b.at)));
      for (const write of writes) this.#store(write);
      for (const file of this.#files) {
        if (file.isLost || writes.some((write) => write.file === file)) file.put(this.#text(file.type));
      }
      this.#trouble = '';
    } catch (error) {
      this.#fail(error as Error);
    } finally {
      this.#isChecking = false;
    }
  }

  /** Shows a mask that was not set by a write. Never throws: the mask is set, the file follows at the next look. */
  show(type: 'parallel' | 'serial'): void {
    if (this.#isChecking) return;
    try {
      for (const file of this.#files) if (file.type === type) file.put(this.#text(type));
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  /** Removes the files and the directory. Never throws. */
  close(): void {
    clearInterval(this.#poll);
    clearTimeout(this.#soon);
    this.#isChecking = true; // for good: no look comes any more
    this.#watcher?.close();
    for (const file of this.#files) file.close();
    try {
      release(this.#claim);
    } catch {
      // Whoever comes next removes it: its owner is dead then.
    }
  }

  #fill(): void {
    for (const file of this.#files) file.put(this.#text(file.type));
    this.#lastError.clear();
    this.#stats = new StatsFile(this.directory);
    this.#stats.show(this.#target.cpuStats);
    if (this.#watches) this.#watch();
  }

  /** The kernel's text of a user-supplied mask. */
  #text(type: 'parallel' | 'serial'): string {
    return `${this.#target.cpumask[type].toString(this.#nrCpus)}\n`;
  }

  /** What the kernel's store does with one write. */
  #store({ file, text }: Write): void {
    try {
      this.#target.setCpumask(file.type, CpuMask.parse(text, this.#nrCpus));
    } catch (error) {
      const name = `${file.type}_cpumask`;
      const refusal = asPadataError(error as Error, file.path, name);
      this.#target.tell(refusal);
      this.#lastError.write(name, refusal.code, text, refusal.message);
    }
  }

  /** Where events cannot be had (the limit of inotify instances or watches is reached), the slow look is all there is. */
  #watch(): void {
    this.#watcher?.close();
    try {
      this.#watcher = watch(this.directory, { persistent: false }, (_event, name) => {
        if (name !== OWNER_FILE && !name?.startsWith(STATS_FILE)) this.#look();
      });
      this.#watcher.on('error', () => this.#watcher?.close());
    } catch {
      this.#watcher = undefined;
    }
  }

  #look(): void {
    if (this.#isChecking) return;
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      this.check();
    }, this.#debounceMs).unref();
  }

  #slowLook(): void {
    try {
      if (isHeld(this.#claim)) giveSignOfLife(this.directory);
      else {
        this.#claim = this.#reclaim();
        this.#fill();
      }
      this.check();
      this.#stats.show(this.#target.cpuStats);
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  /** The files cannot be read or written: told once, and tried again at each look. */
  #fail(error: Error): void {
    if (error.message === this.#trouble) return;
    this.#trouble = error.message;
    this.#target.tell(asPadataError(error, this.directory, 'control files'));
  }
}

function asPadataError(error: Error, path: string, what: string): PadataError {
  const { code = '', errno = -constants.errno.EIO, syscall = '', message } = error as NodeJS.ErrnoException;
  const start = message.startsWith(`${code}: `) ? code.length + 2 : 0;
  const end = message.endsWith(`, ${syscall}`) ? -(syscall.length + 2) : undefined;
  return PadataError.fromErrno(errno, what, `${path}: ${message.slice(start, end)}`);
}
