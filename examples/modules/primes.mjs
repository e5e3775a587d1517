// What examples/module-function.mjs runs in its isolates. Not an example by itself.

/** Called once in each isolate, before the first job. */
export function setup() {
  return { smallPrimes: [2, 3, 5, 7, 11, 13] };
}

/**
 * @param {{ from: number, to: number }} range
 * @param {import('padata').ModuleContext<{ smallPrimes: number[] }>} context
 */
export function countPrimes({ from, to }, { state }) {
  let count = 0;
  for (let n = from; n < to; n++) if (isPrime(n, state.smallPrimes)) count++;
  return count;
}

/**
 * @param {number} n
 * @param {number[]} smallPrimes
 */
function isPrime(n, smallPrimes) {
  if (n < 2) return false;
  for (const p of smallPrimes) if (n % p === 0) return n === p;
  for (let d = 17; d * d <= n; d += 2) if (n % d === 0) return false;
  return true;
}

/**
 * Asynchronous, and stops when it is told to.
 *
 * @param {unknown} _
 * @param {import('padata').ModuleContext} context
 */
export async function wait(_, { signal }) {
  signal.throwIfAborted();
  await new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
    setTimeout(() => {}, 60_000);
  });
}

/** Never comes back. */
export function loopForEver() {
  for (;;);
}
