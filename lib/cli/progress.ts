import type { WriteStream } from 'node:tty';
import { count, size } from './text.js';

/** How often the line is drawn again, in milliseconds. */
const INTERVAL = 100;

/** Cells of the bar itself. */
const BAR = 24;

/** How far a run is. */
export interface Position {
  packets: number;
  bytes: number;
}

/**
 * A progress bar in the last line of a terminal. On anything that is no terminal (a pipe, a file, a terminal that cannot go
 * back in a line) it prints nothing at all.
 *
 * @param total    bytes in all; undefined if that is not known, as for a pipe: then it counts without a bar
 * @param position asked each time the line is drawn
 * @returns ends it and clears the line
 */
export function showProgress(out: NodeJS.WriteStream, total: number | undefined, position: () => Position): () => void {
  if (!out.isTTY || process.env.TERM === 'dumb') return () => {};
  const terminal: WriteStream = out;
  const began = performance.now();
  const draw = () => {
    const seconds = (performance.now() - began) / 1000;
    const line = progressLine(position(), total, seconds).slice(0, Math.max(1, (terminal.columns || 80) - 1));
    terminal.write(`\r${line}\x1b[K`);
  };
  const timer = setInterval(draw, INTERVAL);
  timer.unref();
  draw();
  return () => {
    clearInterval(timer);
    terminal.write('\r\x1b[K');
  };
}

/** The text of the line. */
export function progressLine({ packets, bytes }: Position, total: number | undefined, seconds: number): string {
  const rate = seconds > 0 ? `${size(bytes / seconds)}/s` : '';
  const counted = `${count(packets)} packets  ${size(bytes)}  ${rate}`.trimEnd();
  if (!total) return counted;
  const part = Math.min(1, bytes / total);
  const full = Math.round(part * BAR);
  return `[${'#'.repeat(full)}${' '.repeat(BAR - full)}] ${String(Math.floor(part * 100)).padStart(3)} %  ${counted}`;
}
