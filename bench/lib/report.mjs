/**
 * The results as text for a terminal.
 */

/** Three significant digits, with thousands separated. @param {number} value */
export function format(value) {
  if (value >= 1000) return Math.round(value).toLocaleString('en-US');
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** Columns of equal width; the first is flush left, the others flush right. @param {string[][]} lines */
function table(lines) {
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const pad = (/** @type {string} */ cell, /** @type {number} */ i) =>
    i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]);
  return lines.map((line) => `  ${line.map(pad).join('  ')}`.trimEnd()).join('\n');
}

/** @param {import('./types.mjs').Row} row */
function rowCells({ contender, metric, unit, median, samples }) {
  const range = `${format(Math.min(...samples))} .. ${format(Math.max(...samples))}`;
  return [contender, metric, format(median), unit, range];
}

/** @param {import('./types.mjs').CheckResult} check */
function checkCells({ title, must, bar, unit, value, passed }) {
  const verdict = passed === null ? 'not measured' : passed ? 'ok' : 'MISSED';
  return [title, value === null ? '-' : `${format(value)} ${unit}`, `${must} ${format(bar)} ${unit}`, verdict];
}

/** @param {import('./types.mjs').ScenarioResult} result */
export function scenarioText({ title, rows, checks, failures }) {
  const parts = [title];
  if (rows.length > 0) parts.push(table([['contender', 'metric', 'median', '', 'range'], ...rows.map(rowCells)]));
  const failed = Object.entries(failures).map(([name, reason]) => `  ${name}: failed: ${reason}`);
  if (failed.length > 0) parts.push(failed.join('\n'));
  parts.push(table([['check', 'value', 'bar', ''], ...checks.map(checkCells)]));
  return `${parts.join('\n\n')}\n`;
}

/** @param {ReturnType<typeof import('./machine.mjs').describeMachine>} machine */
export function machineText({ cpu, cpus, kernel, node, openssl, commit, date, pools }) {
  const versions = Object.entries(pools).map(([name, version]) => `${name} ${version}`);
  return [
    `${cpus} CPUs ${cpu}, Linux ${kernel}, Node ${node}, OpenSSL ${openssl}`,
    `${versions.join(', ')}`,
    `commit ${commit || 'unknown'}, ${date}`,
  ].join('\n');
}
