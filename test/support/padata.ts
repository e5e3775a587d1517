/** What the tests of the mechanism share. */
import { cpus, type Job, type NativeFunction, nativeFunction, Padata, type PadataOptions, type Shell } from 'padata';
import { onTestFinished } from 'vitest';
import { type Fixture, fixture } from '../fixtures/native-addon/index.js';

/** A function of the fixture addon by its name. */
export function native<I = Uint8Array | undefined, O = unknown>(name: keyof Fixture & string): NativeFunction<I, O> {
  return nativeFunction<I, O>(fixture[name as 'invert']);
}

/** The CPUs that this process may use. */
export const here: readonly number[] = [...cpus.online().and(cpus.allowed())];

/** The first and the last of them; on a machine of one CPU that is the same one. */
export const firstCpu = here[0] as number;
export const lastCpu = here.at(-1) as number;

/** An instance for one test, closed behind it. */
export function instance(options?: PadataOptions): Padata {
  const padata = new Padata('test', options);
  onTestFinished(() => within(padata.close(), 'close'));
  return padata;
}

/** A shell of an instance for one test. */
export function shellOf(options?: PadataOptions): Shell {
  return instance(options).createShell();
}

/** Delivers one job after the other until the test is over, without any thread. */
export function keepMoving(shell: Shell): void {
  let goesOn = true;
  onTestFinished(() => {
    goesOn = false;
  });
  const parallel = (job: Job) => void setImmediate(() => shell.doSerial(job));
  const next = () => {
    if (goesOn) shell.doParallel({ parallel, serial: next });
  };
  next();
}

/** How long to wait before something is said to hang; far more than anything takes. */
const HANG_MS = Number(process.env.PADATA_HANG_MS ?? 60_000);

/** What a promise comes to; rejects if it hangs. */
export async function within<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const hang = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} hangs`)), HANG_MS);
  });
  return Promise.race([promise, hang]).finally(() => clearTimeout(timer));
}

/** Waits until something is true that a thread brings about. */
export async function until(isTrue: () => boolean, what: string): Promise<void> {
  const end = Date.now() + HANG_MS;
  while (!isTrue()) {
    if (Date.now() > end) throw new Error(`${what}: never`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Turns of the event loop: enough for everything that is due to happen by itself. */
export async function turns(count = 20): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** For arguments that are wrong on purpose. */
export const wrong = (value: unknown) => value as never;
