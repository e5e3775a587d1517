/** The contracts between the parts of the harness. */

/** One place in the queue of a contender, used over and over: submit() starts a job, `done` is called when it is complete. */
export interface Lane {
  submit(): void;
}

/** Called when a job is complete, with its lane and, where the job has one, its result. */
export type Done<Result = unknown> = (lane: Lane, result: Result) => void;

/** What AEAD contenders encrypt. The 12 bytes of `iv` are never the same twice. */
export interface Packet {
  iv: Uint8Array;
  data: Uint8Array;
  /** Where the result goes, for backends that have it so. */
  dst?: Uint8Array;
}

/** A contender inside its own process. A backend offers what it can; scenarios say which of it they need. */
export interface Backend {
  /** Whether results come in the order of submission; where it is not so, the harness puts a reorder buffer on top. */
  ordered: boolean;
  /** A lane of jobs that do nothing. */
  noopLane?(done: Done): Lane;
  /** A lane of jobs that send so many bytes and get them back. */
  echoLane?(size: number, done: Done<Uint8Array>): Lane;
  /** A lane of jobs that keep a CPU busy for that long of real time. */
  spinLane?(nanoseconds: number, done: Done): Lane;
  /** A lane of jobs in JavaScript, `churn` of backends/workers/functions.mjs: bytes in, bytes of the same size out. */
  churnLane?(rounds: number, done: Done<Uint8Array>): Lane;
  /** A lane that compresses the same bytes over and over (raw deflate). */
  deflateLane?(input: Uint8Array, done: Done<Uint8Array>): Lane;
  /** Where it has memory of its own for packets: makes a buffer. */
  allocate?: ((size: number) => Uint8Array) | undefined;
  /** Where its results go to buffers that are used again: makes one. */
  allocateResult?: ((size: number) => Uint8Array) | undefined;
  /** A lane that encrypts what next() gives; the result is ciphertext and tag, one behind the other. */
  packetLane?(next: () => Packet, done: Done<Uint8Array>): Lane;
  /** Encrypts one packet on the spot, on the calling thread; for the contender that has no queue. */
  encryptNow?(packet: Packet): { text: Uint8Array; tag: Uint8Array };
  /** The contender's own way to do many jobs in order, if it has one: so many of churn(), or of spin(). */
  mapChurn?(rounds: number, count: number): Promise<void>;
  mapSpin?(nanoseconds: number, count: number): Promise<void>;
  /** Runs mix() of backends/workers/thread-function.mjs over so many words, on all CPUs. */
  mix?(shared: SharedArrayBuffer, units: number): Promise<void>;
  /** For the yardstick without any jobs: calls per second of churn() and of mix() in loops on all CPUs at once. */
  churnLoops?(rounds: number, ms: number): Promise<number>;
  mixLoops?(shared: SharedArrayBuffer, units: number, ms: number): Promise<number>;
  /** The shell itself, for what only padata has. */
  shell?: import('padata').Shell;
}

/** What a backend module exports as `open`. */
export type OpenBackend = (options: Record<string, unknown>) => Promise<Backend>;

/** Who a contender is: we, somebody that a person could use instead, or a mark that shows what the machine can do. */
export type Role = 'padata' | 'peer' | 'yardstick';

/** One contender: a backend with its options, or a native program with its arguments. */
export interface Contender {
  /** Unique in its scenario; the table shows it. */
  name: string;
  /** Default: 'padata' where the name begins so, or else 'yardstick' for a program and 'peer' for a backend. */
  role?: Role;
  /** What `--backend` selects; default: `backend` or `program`. Whoever is selected by 'padata' has the role. */
  family?: string;
  /** Not measured by `--quick`. */
  thorough?: boolean;
  /** A file of bench/backends, without `.mjs`. */
  backend?: string;
  options?: Record<string, unknown>;
  /** A native program of bench/native and its arguments; it prints one JSON line, `{"leftOut":"why"}` where it cannot be had here. */
  program?: string;
  args?: string[];
  /** Which metric a number of that line is; default: its own name. */
  rename?: Record<string, string>;
  /** Added to the environment of the process. */
  env?: Record<string, string>;
}

/** How thorough a run is. */
export interface Settings {
  quick: boolean;
  /** How long a contender warms up, and how long each of its numbers is measured. */
  warmUpMs: number;
  measuredMs: number;
}

/** What a scenario is told besides its backend. */
export interface Context {
  settings: Settings;
  contender: Contender;
  /** From before the backend's module was loaded until it was open. */
  openMs: number;
}

/** Metric name to value, as one process measured it. A contender need not have all metrics of its scenario. */
export type Metrics = Record<string, number>;

/** What a scenario measures of one contender. */
export type SomeMetrics = Record<string, number | undefined>;

/** The medians of all rounds: contender name to metrics. */
export type Medians = Record<string, Metrics>;

/** One bar of the project and how it is computed. */
export interface Check {
  title: string;
  bar: number;
  /** Whether the value must be at least or at most the bar. */
  must: 'at least' | 'at most';
  /** A ratio ('x') or the unit of the value. */
  unit: string;
  /** NaN where a contender is missing. */
  value(medians: Medians): number;
}

export interface Scenario {
  name: string;
  title: string;
  /** Metric name to unit. More is better for what is per second and for 'x' and '%', less is for everything else. */
  metrics: Record<string, string>;
  contenders: Contender[];
  /** Flags for node in the contenders' processes. */
  execArgv?: string[];
  /** Only one job at a time, or no results at all: no reorder buffer. */
  anyOrder?: boolean;
  /** Runs in the contender's own process; not needed where all contenders are programs. */
  measure?(backend: Backend, context: Context): Promise<SomeMetrics>;
  checks: Check[];
}

/** One metric of one contender over all rounds. */
export interface Row {
  contender: string;
  role: Role;
  metric: string;
  unit: string;
  median: number;
  /** The quartiles. */
  low: number;
  high: number;
  samples: number[];
  /** The median divided by that of the best padata, and of the best peer; null where there is none. */
  toPadata: number | null;
  toBestPeer: number | null;
}

export interface CheckResult {
  title: string;
  must: 'at least' | 'at most';
  bar: number;
  unit: string;
  /** null: a contender is missing. */
  value: number | null;
  passed: boolean | null;
}

export interface ScenarioResult {
  name: string;
  title: string;
  rows: Row[];
  checks: CheckResult[];
  /** Contender name to what went wrong. */
  failures: Record<string, string>;
  /** Contender name to why it does not exist here. */
  leftOut: Record<string, string>;
  /** Nanoseconds for a cache line from one CPU to another and back, before each measurement; absent where that cannot be measured. */
  cpuDistances?: number[];
}

/** What `--json` writes. */
export interface Results {
  machine: ReturnType<typeof import('./machine.mjs').describeMachine>;
  settings: Settings & { rounds: number };
  /** How long it took. */
  seconds?: number;
  scenarios: ScenarioResult[];
}
