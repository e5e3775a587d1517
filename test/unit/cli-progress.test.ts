import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { progressLine, showProgress } from '../../dist/cli/progress.js';

/** What a terminal of so many columns gets. */
function terminal(columns: number, isTTY = true) {
  const written: string[] = [];
  const out = { isTTY, columns, write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream;
  return { out, written };
}

describe('the progress line', () => {
  it.each([
    [0, '[                        ]   0 %  0 packets  0 B  0 B/s'],
    [500, '[############            ]  50 %  5 packets  500 B  250 B/s'],
    [999, '[########################]  99 %  9 packets  999 B  500 B/s'],
    [1000, '[########################] 100 %  10 packets  1.0 kB  500 B/s'],
    [1500, '[########################] 100 %  15 packets  1.5 kB  750 B/s'],
  ])('at %d of 1000 bytes', (bytes, line) => {
    expect(progressLine({ packets: Math.floor(bytes / 100), bytes }, 1000, 2)).toBe(line);
  });

  it('has no bar where the end is not known, and no rate where no time has gone by', () => {
    expect(progressLine({ packets: 1234, bytes: 5e6 }, undefined, 0)).toBe('1,234 packets  5.0 MB');
    expect(progressLine({ packets: 0, bytes: 24 }, 0, 1)).toBe('0 packets  24 B  24 B/s');
  });
});

describe('a progress bar', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('is drawn again and again within the terminal, and cleared', async () => {
    vi.stubEnv('TERM', 'xterm');
    const { out, written } = terminal(30);
    let packets = 0;
    const clear = showProgress(out, 100, () => ({ packets: packets++, bytes: packets }));
    while (written.length < 4) await sleep(20);
    clear();
    const lines = written.length;
    expect(written.at(-1)).toBe('\r\x1b[K');
    for (const line of written.slice(0, -1)) {
      expect(line.startsWith('\r[') && line.endsWith('\x1b[K')).toBe(true);
      expect(line.length).toBe(1 + 29 + 3);
    }
    await sleep(250);
    expect(written.length).toBe(lines);
  });

  it('is not there in a pipe', () => {
    const { out, written } = terminal(80, false);
    showProgress(out, 100, () => ({ packets: 1, bytes: 1 }))();
    expect(written).toEqual([]);
  });

  it('is not there on a terminal that cannot go back in a line', () => {
    vi.stubEnv('TERM', 'dumb');
    const { out, written } = terminal(80);
    showProgress(out, 100, () => ({ packets: 1, bytes: 1 }))();
    expect(written).toEqual([]);
  });
});
