/**
 * The value below which that share of the samples lies (nearest rank).
 *
 * @param {number[]} samples at least one, in any order
 * @param {number} share 0 to 1
 */
export function quantile(samples, share) {
  const ordered = Float64Array.from(samples).sort();
  return ordered[Math.min(ordered.length - 1, Math.floor(share * ordered.length))] ?? Number.NaN;
}

/** @param {number[]} samples at least one, in any order */
export function median(samples) {
  const ordered = Float64Array.from(samples).sort();
  const middle = ordered.length >> 1;
  return ordered.length % 2 ? ordered[middle] : (ordered[middle - 1] + ordered[middle]) / 2;
}

/** Which end of a unit is the good one. @param {string} unit @returns {'highest' | 'lowest'} */
export function betterOf(unit) {
  return unit.endsWith('/s') || unit === 'x' || unit === '%' ? 'highest' : 'lowest';
}

/**
 * The best median of those contenders that were measured; NaN if there is none.
 *
 * @param {import('./types.mjs').Medians} medians
 * @param {import('./types.mjs').Contender[]} contenders
 * @param {string} metric
 * @param {'highest' | 'lowest'} better
 */
export function best(medians, contenders, metric, better) {
  const values = contenders.map(({ name }) => medians[name]?.[metric]).filter((value) => value !== undefined);
  if (values.length === 0) return Number.NaN;
  return better === 'highest' ? Math.max(...values) : Math.min(...values);
}

/**
 * A check of one group of contenders against another, by the best of each.
 *
 * @param {object} check
 * @param {string} check.title
 * @param {import('./types.mjs').Contender[]} check.ours
 * @param {import('./types.mjs').Contender[]} check.theirs
 * @param {string} check.metric
 * @param {'at least' | 'at most'} check.must 'at least' also says that more is better
 * @param {number} check.bar
 * @returns {import('./types.mjs').Check}
 */
export function ratioCheck({ title, ours, theirs, metric, must, bar }) {
  const better = must === 'at least' ? 'highest' : 'lowest';
  const value = (/** @type {import('./types.mjs').Medians} */ medians) =>
    best(medians, ours, metric, better) / best(medians, theirs, metric, better);
  return { title, must, bar, unit: 'x', value };
}

/**
 * A check of one number, the best of a group.
 *
 * @param {object} check
 * @param {string} check.title
 * @param {import('./types.mjs').Contender[]} check.ours
 * @param {string} check.metric
 * @param {string} check.unit
 * @param {'at least' | 'at most'} check.must
 * @param {number} check.bar
 * @returns {import('./types.mjs').Check}
 */
export function valueCheck({ title, ours, metric, unit, must, bar }) {
  const better = must === 'at least' ? 'highest' : 'lowest';
  return { title, must, bar, unit, value: (medians) => best(medians, ours, metric, better) };
}
