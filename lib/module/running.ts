/** A job that has begun in this isolate, as the loop and as its function see it. */
import type { ModuleContext } from './module-function.js';

/** The second argument of a module function. */
export class JobContext implements ModuleContext {
  readonly cpu: number;
  readonly cbCpu: number;
  readonly seqNr: number;
  state: unknown = undefined;
  #controller: AbortController | undefined = undefined;
  #aborted: { reason: unknown } | undefined = undefined;

  constructor(cpu: number, cbCpu: number, seqNr: number) {
    this.cpu = cpu;
    this.cbCpu = cbCpu;
    this.seqNr = seqNr;
  }

  /** Made when it is asked for: few functions do. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted !== undefined) this.#controller.abort(this.#aborted.reason);
    }
    return this.#controller.signal;
  }

  /** @throws the signal's reason, if it is aborted */
  throwIfAborted(): void {
    if (this.#aborted !== undefined) throw this.#aborted.reason;
  }

  abort(reason: unknown): void {
    this.#aborted = { reason };
    this.#controller?.abort(reason);
  }
}

export class Running {
  readonly slot: number;
  readonly shell: number;
  readonly isSerial: boolean;
  readonly context: JobContext;
  readonly begun: number;
  isFinished = false;

  constructor(slot: number, shell: number, isSerial: boolean, context: JobContext, begun: number) {
    this.slot = slot;
    this.shell = shell;
    this.isSerial = isSerial;
    this.context = context;
    this.begun = begun;
  }

  get seqNr(): number {
    return this.context.seqNr;
  }
}
