/**
 * The part of README.md that says how fast padata is: made of the results of a full run, and of nothing else.
 */
import { distanceText } from './cpu-distance.mjs';
import { bestRow } from './results.mjs';

/** @typedef {import('./types.mjs').Results} Results */
/** @typedef {import('./types.mjs').Row} Row */

/**
 * @typedef {object} Line
 * @property {string} what
 * @property {string} scenario
 * @property {string} metric
 * @property {RegExp} [ours] which of our contenders; default: all
 * @property {RegExp} [theirs] which of the others; default: all peers
 */

const native = /^padata(?!, (module|closure))/;
const module = /^padata, module/;

/** @type {Line[]} */
const lines = [
  {
    what: 'ordered no-op jobs, JavaScript to JavaScript, 1024 in flight',
    scenario: 'noop',
    metric: 'n1024',
    ours: native,
  },
  { what: 'the same with a module function', scenario: 'noop', metric: 'n1024', ours: module },
  { what: '1420 bytes there and back, 64 in flight', scenario: 'echo', metric: 'b1420n64', ours: native },
  { what: 'the same with a module function', scenario: 'echo', metric: 'b1420n64', ours: module },
  { what: 'AES-256-GCM, packets of 1420 bytes, in order', scenario: 'aead', metric: 'p1420', theirs: /^node:crypto/ },
  { what: 'the same, against piscina', scenario: 'aead', metric: 'p1420', theirs: /^piscina/ },
  {
    what: 'the same, against a bare loop over libcrypto on pinned threads',
    scenario: 'aead',
    metric: 'p1420',
    theirs: /^bare EVP loop.*distinct/,
  },
  { what: 'AES-256-GCM, IMIX, in order', scenario: 'aead', metric: 'imix' },
  { what: 'AES-256-GCM, packets of 9000 bytes, in order', scenario: 'aead', metric: 'p9000' },
  { what: 'round trip of one no-op job, back to back', scenario: 'lone', metric: 'backToBack', ours: native },
  { what: 'round trip of one no-op job, after 3 ms of idleness', scenario: 'lone', metric: 'afterIdle', ours: native },
  { what: 'round trip with a module function, back to back', scenario: 'lone', metric: 'backToBack', ours: module },
  {
    what: 'jobs of about 100 µs of JavaScript, against the main thread alone',
    scenario: 'javascript',
    metric: 'jobsPerSecond',
    theirs: /^main thread/,
  },
  { what: 'least work that is worth a job: a native function', scenario: 'breakeven', metric: 'native' },
  { what: 'least work that is worth a job: JavaScript on 1420 bytes', scenario: 'breakeven', metric: 'javascript' },
  {
    what: 'CPU time of the main thread for a no-op job, 1024 in flight',
    scenario: 'cputime',
    metric: 'main',
    ours: native,
  },
  { what: 'raw deflate of 16 KiB of text, in order', scenario: 'compress', metric: 'jobsPerSecond' },
  {
    what: 'native core alone, ordered no-op jobs, against oneTBB',
    scenario: 'core',
    metric: 'noop',
    theirs: /^oneTBB/,
  },
  {
    what: 'native core alone, ordered jobs of 1 µs, against a plain loop',
    scenario: 'core',
    metric: 'work',
    theirs: /^plain loop/,
  },
  { what: 'a 1 ms timer while 1024 no-op jobs are in flight, how late at p99', scenario: 'timer', metric: 'busy' },
  { what: 'a 1 ms timer while a million no-op jobs are queued, how late at p99', scenario: 'timer', metric: 'noop' },
  { what: 'memory for each queued no-op job', scenario: 'memory', metric: 'bytes' },
  { what: 'from loading the package to the first result', scenario: 'startup', metric: 'firstResult', ours: native },
];

const begin = '<!-- bench:begin -->';
const end = '<!-- bench:end -->';

/** Two or three significant digits. @param {number} value */
function digits(value) {
  if (value >= 100) return Math.round(value).toLocaleString('en-US');
  return value >= 10 ? value.toFixed(0) : value >= 1 ? value.toFixed(1) : value.toPrecision(2);
}

/** @param {number} value @param {string} unit */
function quantity(value, unit) {
  const readable = unit.replace('us', 'µs');
  if (value >= 1e6) return `${digits(value / 1e6)} million ${readable}`;
  return value >= 1e4 ? `${digits(value / 1e3)} thousand ${readable}` : `${digits(value)} ${readable}`;
}

/** @param {Results} results @param {Line} line */
function tableLine({ scenarios }, { what, scenario, metric, ours, theirs }) {
  const rows = scenarios.find(({ name }) => name === scenario)?.rows ?? [];
  const own = bestRow(
    rows.filter(({ contender }) => ours === undefined || ours.test(contender)),
    metric,
    'padata',
  );
  if (!own) return [];
  const named = rows.filter(({ contender }) => theirs?.test(contender));
  const other =
    bestRow(named, metric, 'peer') ??
    bestRow(named, metric, 'yardstick') ??
    (theirs ? undefined : bestRow(rows, metric, 'peer'));
  const rest = other
    ? `${other.contender}: ${quantity(other.median, other.unit)} | ${digits(own.median / other.median)}`
    : ' | ';
  return [`| ${what} | ${quantity(own.median, own.unit)} | ${rest} |`];
}

/** @param {Results} results */
function machineText({ machine, settings, scenarios }) {
  const { cpu, cpus, virtual, kernel, node, openssl, versions, loadBefore, commit } = machine;
  const distance = distanceText(scenarios.flatMap(({ cpuDistances = [] }) => cpuDistances));
  const peers = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return (
    `Machine: ${virtual ? 'a virtual machine' : 'a machine'} with ${cpus} CPUs (${cpu}), Linux ${kernel.split('-')[0]}, Node ${node.slice(1)} with ` +
    `OpenSSL ${openssl}; ${peers.join(', ')}. Load average before: ${loadBefore.toFixed(1)}. ` +
    `Medians of ${settings.rounds} round${settings.rounds > 1 ? 's' : ''}, contenders in turn; commit ${commit}.${distance && ` ${distance}`}`
  );
}

/** The metrics at which the best peer was quicker than the best padata. @param {Results} results */
function lostText({ scenarios }) {
  const lost = scenarios.flatMap(({ name, rows }) =>
    [...new Set(rows.map(({ metric }) => metric))].flatMap((metric) => {
      const [ours, peer] = [bestRow(rows, metric, 'padata'), bestRow(rows, metric, 'peer')];
      if (!ours || !peer || bestRow([{ ...ours, role: 'peer' }, peer], metric, 'peer') !== peer) return [];
      const numbers = `${quantity(peer.median, peer.unit)} against ${quantity(ours.median, ours.unit)}`;
      return [`- \`${name}\`, \`${metric}\`: ${peer.contender}, ${numbers}`];
    }),
  );
  if (lost.length === 0) return 'Nothing else was quicker at any of it in that run.';
  return `Where something else was quicker in that run ([what the names mean](bench/README.md#scenarios)):\n\n${lost.join('\n')}`;
}

/** @param {Results} results @param {string[]} charts the names of those that there are */
export function benchText(results, charts) {
  const alt = {
    throughput: 'Ordered no-op jobs a second, by jobs in flight',
    latency: 'Round trip of a lone no-op job',
    scaling: 'Jobs of 10 µs a second, by CPUs',
  };
  const images = Object.entries(alt).filter(([name]) => charts.includes(name));
  return [
    begin,
    machineText(results),
    [
      '| scenario | padata | the best of the others | ratio |\n|---|---|---|---|',
      ...lines.flatMap((line) => tableLine(results, line)),
    ].join('\n'),
    ...images.map(([name, text]) => `![${text}](bench/results/${name}.svg)`),
    lostText(results),
    end,
  ].join('\n\n');
}

/** A page with its old block replaced. @param {string} page @param {string} text */
export function replaceBlock(page, text) {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`README.md has no ${begin} ... ${end}`);
  return page.slice(0, from) + text + page.slice(to + end.length);
}
