/**
 * When the event loop looks for completions, turn by turn, so that everything else on it goes on, instead of sleeping until it is woken: being
 * woken takes longer than most small jobs.
 *
 * With few jobs in flight that is what makes them quick. With many the threads have work meanwhile, and want the loop's CPU: then the loop looks only if
 * it hardly sleeps anyway, and gives way to the thread of its CPU between two looks.
 */
import { availableParallelism } from 'node:os';

/** How long the loop looks in vain before it sleeps, in milliseconds. */
const POLL_MS = 0.1;
/**
 * It goes on while that pays: a look costs so much, a success saves what a wake-up is worth, and when the credit is used up only one time in PROBE is
 * tried.
 */
const LOOK_MS = 0.004;
const WAKE_WORTH_MS = 0.03;
const MOST_CREDIT_MS = 8 * POLL_MS;
const PROBE = 64;
/** With fewer jobs than that in flight nobody else wants the CPU that the loop looks on. */
const CPUS = availableParallelism();
const FEW = 16;
/** The loop hardly sleeps if it delivers for so large a share of so many milliseconds. */
const BUSY_WINDOW_MS = 2;
const BUSY_SHARE = 0.5;
/**
 * Where jobs are in flight for longer than this, threads use its CPU between two looks, and those cost less than wake-ups. Likewise from the second value
 * on, about what a wake-up takes, if the threads of the other CPUs alone could not keep up with the loop; where they can, as with jobs that do nothing, a
 * loop that gives way only goes from CPU to CPU.
 */
const DEEP_MS = 0.1;
const LEAST_DEEP_MS = 0.01;
const DEEP_BUSY_SHARE = 0.1;

/** Whether so many pending jobs are few. */
export const isFew = (pending: number): boolean => pending <= FEW;

export class Polling {
  readonly #meter = new BusyMeter();
  #isPolling = false;
  #from = 0;
  #creditMs = MOST_CREDIT_MS;
  #declined = 0;

  /** Whether the loop is to look for completions from now on. */
  begin(pending: number, now: number): boolean {
    this.#isPolling = pending < CPUS || this.#creditMs > 0 || ++this.#declined === PROBE;
    if (!this.#isPolling) return false;
    this.#declined = 0;
    this.#from = now;
    return true;
  }

  /**
   * From `begin` to `end`, in milliseconds, the loop looked for completions and delivered so many; afterwards so many were pending.
   *
   * @param takeCost says how many nanoseconds a job takes a thread
   */
  looked(delivered: number, pending: number, begin: number, end: number, takeCost: () => number): void {
    this.#meter.add(delivered, pending, begin, end, takeCost);
  }

  /** Whether it goes on after such a look. */
  goesOn(hasDelivered: boolean, pending: number, now: number): boolean {
    if (!isFew(pending) && !this.#meter.isBusy) return false;
    if (hasDelivered) {
      if (this.#isPolling) this.#earn(WAKE_WORTH_MS);
      return this.begin(pending, now);
    }
    if (!this.#isPolling) return false;
    this.#earn(-LOOK_MS);
    this.#isPolling = now < this.#from + POLL_MS;
    return this.#isPolling;
  }

  #earn(milliseconds: number): void {
    this.#creditMs = Math.min(Math.max(this.#creditMs + milliseconds, 0), MOST_CREDIT_MS);
  }
}

/** Whether the loop delivers for so much of the time that waking it from short sleeps would cost it and the threads more than looking. */
class BusyMeter {
  isBusy = false;
  #busy = 0;
  #delivered = 0;
  #since = 0;

  add(delivered: number, pending: number, begin: number, end: number, takeCost: () => number): void {
    if (delivered !== 0) this.#busy += end - begin;
    this.#delivered += delivered;
    const window = end - this.#since;
    if (window < BUSY_WINDOW_MS) return;
    const costMs = takeCost() / 1e6;
    const isLong = costMs * this.#delivered > this.#busy * (CPUS - 1);
    const isDeep = pending * window > (isLong ? LEAST_DEEP_MS : DEEP_MS) * this.#delivered; // by Little's law
    this.isBusy = this.#busy > window * (isDeep ? DEEP_BUSY_SHARE : BUSY_SHARE);
    this.#busy = 0;
    this.#delivered = 0;
    this.#since = end;
  }
}
