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
