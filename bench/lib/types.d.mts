/** The contracts between the parts of the harness. */

/** One place in the queue of a contender, used over and over: submit() starts a job, `done` is called when it is complete. */
export interface Lane {
  submit(): void;
}

/** What AEAD contenders encrypt. The 12 bytes of `iv` are never the same twice. */
export interface Packet {
  iv: Uint8Array;
  data: Uint8Array;
}

/** A contender inside its own process. A backend offers what it can; scenarios say which of it they need. */
export interface Backend {
  /** Whether results come in the order of submission; where it is so, the scenarios check it. */
  ordered: boolean;
  /** A lane of jobs that do nothing. `done` gets the lane. */
  noopLane?(done: (lane: Lane) => void): Lane;
  /** A lane of jobs that keep a CPU busy for that long. */
  spinLane?(nanoseconds: number, done: (lane: Lane) => void): Lane;
  /** A lane that encrypts what next() gives; `done` gets the lane and ciphertext and tag, one behind the other. */
  packetLane?(next: () => Packet, done: (lane: Lane, result: Uint8Array) => void): Lane;
  /** Encrypts one packet on the spot, on the calling thread; for the contender that has no queue. */
  encryptNow?(packet: Packet): { text: Uint8Array; tag: Uint8Array };
}

/** What a backend module exports. */
export type OpenBackend = (options: Record<string, unknown>) => Promise<Backend>;

/** One contender: a backend with its options, or a native program with its arguments. */
export interface Contender {
  /** Unique in its scenario; the table shows it. */
  name: string;
  /** A file of bench/backends, without `.mjs`. */
  backend?: string;
  options?: Record<string, unknown>;
  /** A native program of bench/native and its arguments; it prints one JSON line. */
  program?: string;
  args?: string[];
  /** Added to the environment of the process. */
  env?: Record<string, string>;
}

/** Metric name to value, as one process measured it. */
export type Metrics = Record<string, number>;

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
  /** Metric name to unit. */
  metrics: Record<string, string>;
  contenders: Contender[];
  /** Flags for node in the contenders' processes. */
  execArgv?: string[];
  /** Runs in the contender's own process; not needed where all contenders are programs. */
  measure?(backend: Backend): Promise<Metrics>;
  checks: Check[];
}

/** One metric of one contender over all rounds. */
export interface Row {
  contender: string;
  metric: string;
  unit: string;
  median: number;
  samples: number[];
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
}
