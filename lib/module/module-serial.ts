/** A module function as the serial() of jobs. */
import type { SerialHandle } from '../internal/native-function.js';
import type { IsolatePool } from './isolate-pool.js';
import type { ModuleFunction } from './module-function.js';

export class ModuleSerial implements SerialHandle {
  readonly name: string;
  readonly low: number;
  readonly high = 0;
  readonly isFreed = false;
  inFlight = 0;
  readonly pool: IsolatePool;

  constructor(fn: ModuleFunction<never, unknown>, pool: IsolatePool) {
    this.name = fn.name;
    this.low = (fn.id << 1) | 1;
    this.pool = pool;
    pool.notices.define(fn);
  }

  /** A job that used it has been serialized. */
  release(cbCpu: number): void {
    this.inFlight--;
    this.pool.serialSettled(cbCpu);
  }
}
