/** Most jobs in flight: enough to keep many CPUs busy while the event loop reads and writes. */
const MAX_JOBS = 4096;

/** Most bytes of packets in flight: what bounds the memory when the packets are long. */
const MAX_BYTES = 8 * 1024 * 1024;

/**
 * Counts what is in flight, and bounds it. No packet costs a promise: who submits waits only where too much is in flight, and
 * then until half of it is through, so that waiting is rare.
 */
export class InFlight {
  private jobs = 0;
  private bytes = 0;
  private wake: (() => void) | undefined;

  /** Whether it is time to wait for room(). */
  get crowded(): boolean {
    return this.jobs >= MAX_JOBS || this.bytes >= MAX_BYTES;
  }

  /** A job of so many bytes is about to be submitted. */
  enter(bytes: number): void {
    this.jobs += 1;
    this.bytes += bytes;
  }

  /** That job has been serialized. */
  leave(bytes: number): void {
    this.jobs -= 1;
    this.bytes -= bytes;
    if (!this.wake || !this.half) return;
    const wake = this.wake;
    this.wake = undefined;
    wake();
  }

  /** Settles when no more than half of what may be in flight is. One caller at a time. */
  async room(): Promise<void> {
    if (this.half) return;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
    });
  }

  private get half(): boolean {
    return this.jobs <= MAX_JOBS / 2 && this.bytes <= MAX_BYTES / 2;
  }
}
