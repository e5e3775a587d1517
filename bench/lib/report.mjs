/**
 * The results as text for a terminal.
 */
import { distanceText } from './cpu-distance.mjs';
import { bestRow } from './results.mjs';

/** @typedef {import('./types.mjs').Row} Row */
/** @typedef {import('./types.mjs').ScenarioResult} ScenarioResult */

/** Three significant digits, with thousands separated. @param {number} value */
export function format(value) {
  if (value >= 1000) return Math.round(value).toLocaleString('en-US');
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(value >= 0.1 ? 2 : 4);
}

/** Columns of equal width; the first is flush left, the others flush right. @param {string[][]} lines */
function table(lines) {
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const pad = (/** @type {string} */ cell, /** @type {number} */ i) =>
    i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]);
  return lines.map((line) => `  ${line.map(pad).join('  ')}`.trimEnd()).join('\n');
}

/** Half of the range between the quartiles, in percent of the median. @param {Row} row */
function spread({ samples, low, high, median }) {
  return samples.length < 2 || median === 0 ? '' : ` ±${((50 * (high - low)) / median).toFixed(0)}%`;
}

/** One line for each contender, one column for each metric. @param {Row[]} rows */
function medianTable(rows) {
  const metrics = new Map(rows.map(({ metric, unit }) => [metric, unit]));
  const names = [...new Set(rows.map(({ contender }) => contender))];
  const cell = (/** @type {string} */ name, /** @type {string} */ metric) => {
    const row = rows.find((each) => each.contender === name && each.metric === metric);
    return row ? `${format(row.median)}${spread(row)}` : '-';
  };
  return table([
    ['contender', ...[...metrics].map(([metric, unit]) => `${metric}, ${unit}`)],
    ...names.map((name) => [name, ...[...metrics.keys()].map((metric) => cell(name, metric))]),
  ]);
}

/** One line for each metric: the best padata against the best peer. @param {Row[]} rows */
function ratioTable(rows) {
  const metrics = [...new Set(rows.map(({ metric }) => metric))];
  const lines = metrics.flatMap((metric) => {
    const [ours, peer] = [bestRow(rows, metric, 'padata'), bestRow(rows, metric, 'peer')];
    if (!ours || !peer) return [];
    const ratio = ours.toBestPeer === null ? '-' : `${format(ours.toBestPeer)} x`;
    return [
      [metric, `${format(ours.median)} ${ours.unit}`, `${format(peer.median)} ${peer.unit}`, ratio, peer.contender],
    ];
  });
  return lines.length === 0 ? '' : table([['metric', 'padata', 'best peer', 'ratio', 'which'], ...lines]);
}

/** @param {import('./types.mjs').CheckResult} check */
function checkCells({ title, must, bar, unit, value, passed }) {
  const verdict = passed === null ? 'not measured' : passed ? 'ok' : 'MISSED';
  return [title, value === null ? '-' : `${format(value)} ${unit}`, `${must} ${format(bar)} ${unit}`, verdict];
}

/** Contenders that have no numbers, and why. @param {Pick<ScenarioResult, 'failures' | 'leftOut'>} result */
function absentText({ failures, leftOut }) {
  const failed = Object.entries(failures).map(([name, reason]) => `  ${name}: no figure: ${reason}`);
  return [...failed, ...Object.entries(leftOut).map(([name, reason]) => `  ${name}: left out: ${reason}`)].join('\n');
}

/** What was measured, without the checks. @param {ScenarioResult} result */
export function measuredText(result) {
  const { title, rows, cpuDistances = [] } = result;
  const medians = rows.length > 0 ? medianTable(rows) : '';
  const parts = [title, medians, ratioTable(rows), absentText(result), distanceText(cpuDistances)];
  return parts.filter((part) => part !== '').join('\n\n');
}

/** @param {ScenarioResult} result */
export function scenarioText(result) {
  const checks =
    result.checks.length > 0 ? `\n\n${table([['check', 'value', 'bar', ''], ...result.checks.map(checkCells)])}` : '';
  return `${measuredText(result)}${checks}\n`;
}

/** @param {ReturnType<typeof import('./machine.mjs').describeMachine>} machine */
export function machineText({ cpu, cpus, kernel, node, openssl, compiler, commit, date, versions }) {
  return [
    `${cpus} CPUs ${cpu}, Linux ${kernel}, Node ${node}, OpenSSL ${openssl}, ${compiler}`,
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
    `commit ${commit || 'unknown'}, ${date}`,
  ].join('\n');
}
