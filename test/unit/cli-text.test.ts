import { describe, expect, it } from 'vitest';
import { count, plural, size, table } from '../../dist/cli/text.js';

describe('numbers for people', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1234567.4, '1,234,567'],
  ])('count(%d) is %s', (value, text) => expect(count(value)).toBe(text));

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [99_949, '99.9 kB'],
    [123_456, '123 kB'],
    [999_499, '999 kB'],
    [999_500, '1.0 MB'],
    [1_234_567, '1.2 MB'],
    [10e9, '10.0 GB'],
    [2e15, '2.0 PB'],
    [5e18, '5000 PB'],
  ])('size(%d) is %s', (value, text) => expect(size(value)).toBe(text));

  it('tells one from many', () => {
    expect([plural(0, 'CPU'), plural(1, 'CPU'), plural(2000, 'CPU')]).toEqual(['0 CPUs', '1 CPU', '2,000 CPUs']);
  });
});

describe('a table', () => {
  it('has aligned columns and no blanks at the end', () => {
    const rows = [
      ['a', 'bbb', 'c'],
      ['aaaa', 'b', ''],
      ['a', 'b'],
    ];
    expect(table(rows, '> ')).toBe('> a     bbb  c\n> aaaa  b\n> a     b');
  });

  it('may be empty', () => expect(table([])).toBe(''));
});
