/** Jobs that go with a signal. One listener for each signal, however many jobs have it. */
import type { ModuleJob } from './module-job.js';

interface Watched {
  readonly records: Set<ModuleJob>;
  readonly listener: () => void;
}

export class Aborts {
  readonly #onAbort: (record: ModuleJob) => void;
  readonly #signals = new Map<AbortSignal, Watched>();

  constructor(onAbort: (record: ModuleJob) => void) {
    this.#onAbort = onAbort;
  }

  /** The signal was perhaps aborted before. */
  add(record: ModuleJob, signal: AbortSignal): void {
    if (signal.aborted) this.#onAbort(record);
    else (this.#signals.get(signal) ?? this.#watch(signal)).records.add(record);
  }

  drop(record: ModuleJob): void {
    const signal = record.options?.signal;
    const watched = signal && this.#signals.get(signal);
    if (watched === undefined || !watched.records.delete(record) || watched.records.size !== 0) return;
    this.#signals.delete(signal as AbortSignal);
    signal?.removeEventListener('abort', watched.listener);
  }

  #watch(signal: AbortSignal): Watched {
    const records = new Set<ModuleJob>();
    const listener = () => {
      this.#signals.delete(signal);
      for (const record of records) this.#onAbort(record);
    };
    signal.addEventListener('abort', listener, { once: true });
    const watched = { records, listener };
    this.#signals.set(signal, watched);
    return watched;
  }
}
