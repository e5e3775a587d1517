/**
 * From samples to rows: medians, spread, ratios, checks.
 */
import { roleOf } from './contenders.mjs';
import { best, betterOf, median, quantile } from './statistics.mjs';

/** @typedef {import('./types.mjs').Contender} Contender */
/** @typedef {import('./types.mjs').Medians} Medians */
/** @typedef {import('./types.mjs').Metrics} Metrics */
/** @typedef {import('./types.mjs').Role} Role */
/** @typedef {import('./types.mjs').Row} Row */
/** @typedef {import('./types.mjs').Scenario} Scenario */

/** @param {Map<string, Metrics[]>} samples @returns {Medians} */
function mediansOf(samples) {
  /** @type {Medians} */
  const medians = {};
  for (const [name, all] of samples) {
    const metrics = Object.keys(all[0]);
    medians[name] = Object.fromEntries(metrics.map((metric) => [metric, median(all.map((one) => one[metric]))]));
  }
  return medians;
}

/** A ratio of two medians; null where there is no second one. @param {number} value @param {number} reference */
const ratio = (value, reference) => (Number.isNaN(reference) || reference === 0 ? null : value / reference);

/** @param {Scenario} scenario @param {Map<string, Metrics[]>} samples @param {Medians} medians @returns {Row[]} */
function toRows(scenario, samples, medians) {
  const measured = scenario.contenders.filter(({ name }) => samples.has(name));
  return Object.entries(scenario.metrics).flatMap(([metric, unit]) => {
    const bestOf = (/** @type {Role} */ role) =>
      best(
        medians,
        measured.filter((contender) => roleOf(contender) === role),
        metric,
        betterOf(unit),
      );
    const [ours, peers] = [bestOf('padata'), bestOf('peer')];
    return measured
      .filter(({ name }) => medians[name][metric] !== undefined)
      .map((contender) => {
        const values = (samples.get(contender.name) ?? []).map((metrics) => metrics[metric]);
        const value = medians[contender.name][metric];
        return {
          contender: contender.name,
          role: roleOf(contender),
          metric,
          unit,
          median: value,
          low: quantile(values, 0.25),
          high: quantile(values, 0.75),
          samples: values,
          toPadata: ratio(value, ours),
          toBestPeer: ratio(value, peers),
        };
      });
  });
}

/** @param {Scenario} scenario @param {Medians} medians @returns {import('./types.mjs').CheckResult[]} */
function toChecks(scenario, medians) {
  return scenario.checks.map(({ title, must, bar, unit, value }) => {
    const found = value(medians);
    if (Number.isNaN(found)) return { title, must, bar, unit, value: null, passed: null };
    return { title, must, bar, unit, value: found, passed: must === 'at least' ? found >= bar : found <= bar };
  });
}

/**
 * @param {Scenario} scenario
 * @param {Map<string, Metrics[]>} samples contender name to one entry for each round
 * @param {Record<string, string>} failures
 * @param {Record<string, string>} leftOut
 * @returns {import('./types.mjs').ScenarioResult}
 */
export function toResult(scenario, samples, failures, leftOut) {
  const medians = mediansOf(samples);
  const rows = toRows(scenario, samples, medians);
  const checks = toChecks(scenario, medians);
  return {
    name: scenario.name,
    title: scenario.title,
    rows,
    checks,
    failures: { ...failures },
    leftOut: { ...leftOut },
  };
}

/**
 * The best row of a metric among those of a role; undefined where nothing was measured.
 *
 * @param {Row[]} rows
 * @param {string} metric
 * @param {Role} role
 */
export function bestRow(rows, metric, role) {
  const candidates = rows.filter((row) => row.metric === metric && row.role === role);
  if (candidates.length === 0) return undefined;
  const sign = betterOf(candidates[0].unit) === 'highest' ? 1 : -1;
  return candidates.reduce((one, other) => (sign * (other.median - one.median) > 0 ? other : one));
}
