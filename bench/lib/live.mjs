/**
 * The table of the scenario that is measured right now, drawn again and again on a terminal; nothing in a pipe.
 */
import { measuredText } from './report.mjs';

export class LiveTable {
  #lines = 0;
  #finished = 0;
  #total;
  #begin = performance.now();

  /** @param {number} total how many samples there will be in the whole run */
  constructor(total) {
    this.#total = total;
  }

  /** @param {import('./types.mjs').ScenarioResult} result what there is so far @param {string} now what is measured now */
  draw(result, now) {
    const text = `${measuredText(result)}\n\n  ${this.#bar()}  ${result.name}, ${now}`;
    this.#finished++;
    this.clear();
    if (!process.stderr.isTTY) return;
    const width = process.stderr.columns || 80;
    const lines = text.split('\n').slice(-(process.stderr.rows || 24) + 1);
    process.stderr.write(`${lines.map((line) => line.slice(0, width)).join('\n')}`);
    this.#lines = lines.length;
  }

  /** Takes the table away, for the one that stays. */
  clear() {
    if (this.#lines === 0) return;
    process.stderr.write(`\r${this.#lines > 1 ? `\x1b[${this.#lines - 1}A` : ''}\x1b[J`);
    this.#lines = 0;
  }

  #bar() {
    const share = Math.min(1, this.#finished / this.#total);
    const full = Math.round(share * 20);
    const seconds = (performance.now() - this.#begin) / 1000;
    const left = share > 0.02 ? `, about ${Math.ceil((seconds * (1 - share)) / share)} s left` : '';
    return `[${'#'.repeat(full)}${'.'.repeat(20 - full)}] ${Math.floor(share * 100)} %${left}`;
  }
}
