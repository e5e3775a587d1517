/** The second argument of a module function. */
import type { ModuleContext } from './module-function.js';

export class JobContext implements ModuleContext {
  readonly cpu: number;
  readonly cbCpu: number;
  readonly seqNr: number;
  state: unknown = undefined;
  #controller: AbortController | undefined;
  #isAborted = false;
  #reason: unknown;

  constructor(cpu: number, cbCpu: number, seqNr: number) {
    this.cpu = cpu;
    this.cbCpu = cbCpu;
    this.seqNr = seqNr;
  }

  /** Made when it is asked for: few functions do. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#isAborted) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    this.#isAborted = true;
    this.#reason = reason;
    this.#controller?.abort(reason);
  }
}
