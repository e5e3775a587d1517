/** Thrown by a backend whose contender does not exist in this version, or on this machine: no failure, but a line in the report. */
export class LeftOut extends Error {
  /** @override */
  name = 'LeftOut';
}
