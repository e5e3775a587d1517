import { inspect } from 'node:util';
import { CpuMask, type CpuMaskLike, cpus, PadataError } from 'padata';
import { describe, expect, it } from 'vitest';
import { Random } from '../support/random.js';

const list = (...numbers: number[]) => CpuMask.of(...numbers).toList();
const refused = (code: string, text: string) =>
  expect.objectContaining({ code, message: expect.stringContaining(text) });
const wrong = (value: unknown) => value as CpuMaskLike;

describe('CpuMask.parse', () => {
  it.each([
    ['f', '0-3'],
    ['1,00000000', '32'],
    ['1 2', '1,32'],
    ['F', '0-3'],
    ['\xa0,f\t', '0-3'],
    ['f\nzzz', '0-3'],
    ['f\0zzz', '0-3'],
    ['f\n\u2603', '0-3'],
    ['', ''],
    ['0', ''],
  ])('reads %j', (text, expected) => expect(CpuMask.parse(text).toList()).toBe(expected));

  it('refuses what a kernel of that many CPUs refuses', () => {
    expect(CpuMask.parse('f', 4).toList()).toBe('0-3');
    expect(() => CpuMask.parse('f', 3)).toThrow(refused('EOVERFLOW', "'f', offset 0"));
    expect(() => CpuMask.parse('0,0', 32)).toThrow(refused('EOVERFLOW', 'more than 32 CPUs'));
  });

  it.each([
    ['0-3', "'-3', offset 1"],
    ['0xf', "'xf', offset 1"],
    ['f,\u2603', "'☃', offset 2"],
    ['\u0166', 'offset 0'], // its low byte is an f
  ])('says where it refuses %j', (text, where) => {
    const error = refused('EINVAL', where);
    expect(() => CpuMask.parse(text)).toThrow(error);
    expect(() => CpuMask.parse(text)).toThrow(expect.objectContaining({ errno: -22, syscall: 'CpuMask.parse' }));
    expect(() => CpuMask.parse(text)).toThrow(PadataError);
  });

  it('does not repeat a long text in its error', () => {
    expect(() => CpuMask.parse('z'.repeat(1e6))).toThrow(
      expect.objectContaining({ message: expect.stringMatching(/^.{1,250}$/) }),
    );
  });
});

describe('CpuMask.parseList', () => {
  it.each([
    ['0-3,8', '0-3,8'],
    ['0-7:1/2', '0,2,4,6'],
    ['8 0\t1', '0-1,8'],
    ['', ''],
    ['65535', '65535'],
  ])('reads %j', (text, expected) => expect(CpuMask.parseList(text).toList()).toBe(expected));

  it('knows "all" and "N" only with nrCpus', () => {
    expect(CpuMask.parseList('all', 4).toList()).toBe('0-3');
    expect(CpuMask.parseList('2-N', 4).toList()).toBe('2-3');
    expect(() => CpuMask.parseList('all')).toThrow(refused('EINVAL', '"all" and "N" need nrCpus'));
    expect(() => CpuMask.parseList('2-N')).toThrow(refused('EINVAL', "'N', offset 2"));
  });

  it.each([
    ['10-1', 'EINVAL', "'1', offset 3"],
    ['0-', 'EINVAL', 'offset 2'],
    ['0-31:2/1', 'EINVAL', "'1', offset 7"],
    ['0-3,65536', 'ERANGE', "'65536', offset 4: a CPU at or above 65536"],
    ['99999999999', 'EOVERFLOW', 'more than 32 bits'],
  ])('refuses %j with %s', (text, code, where) => {
    expect(() => CpuMask.parseList(text)).toThrow(refused(code, where));
    expect(() => CpuMask.parseList(text)).toThrow(PadataError);
  });

  it('takes nrCpus as the limit', () => {
    expect(() => CpuMask.parseList('0-4', 4)).toThrow(refused('ERANGE', 'a CPU at or above 4'));
  });
});

describe('CpuMask.from', () => {
  it.each<[string, CpuMaskLike, string]>([
    ['a list', '0-3,8', '0-3,8'],
    ['the empty list', '', ''],
    ['a hexadecimal number', '0xf', '0-3'],
    ['an upper case one', '0XF0', '4-7'],
    ['zero', '0x0', ''],
    ['a long one', `0x1${'0'.repeat(30)}f`, '0-3,124'],
    ['one with many zeros in front', `0x${'0'.repeat(1e5)}1`, '0'],
    ['words', '0x1,00000000', '32'],
    ['a bigint', 0x1_00000000_0000000fn, '0-3,64'],
    ['zero as a bigint', 0n, ''],
    ['an array', [8, 0, 8], '0,8'],
    ['an empty array', [], ''],
    ['a Set', new Set([3, 2]), '2-3'],
    ['a typed array', Uint16Array.of(31, 32), '31-32'],
    [
      'a generator',
      (function* () {
        yield 63;
        yield 65535;
      })(),
      '63,65535',
    ],
  ])('takes %s', (_what, mask, expected) => expect(CpuMask.from(mask).toList()).toBe(expected));

  it('gives a mask back', () => {
    const mask = CpuMask.of(1);
    expect(CpuMask.from(mask)).toBe(mask);
  });

  it.each([
    ['0x', 'EINVAL', 'offset 2'],
    ['0xg', 'EINVAL', "'g', offset 2"],
    ['0x1,g', 'EINVAL', "'g', offset 4"],
    ['0x1,000000000', 'EOVERFLOW', 'offset 4'],
    [`0x1${'0'.repeat(65536 / 4)}`, 'EOVERFLOW', 'offset 2'],
    ['f', 'EINVAL', "'f', offset 0"],
    ['all', 'EINVAL', "'all', offset 0"],
  ])('refuses the text %j with %s', (text, code, where) => {
    expect(() => CpuMask.from(text)).toThrow(refused(code, where));
    expect(() => CpuMask.from(text)).toThrow(expect.objectContaining({ syscall: 'CpuMask.from' }));
  });

  it.each([5, undefined, null, true, {}, () => 1, Symbol('x')])('refuses %s with a TypeError', (value) => {
    expect(() => CpuMask.from(wrong(value))).toThrow(TypeError);
    expect(() => CpuMask.from(wrong(value))).toThrow(refused('ERR_INVALID_ARG_TYPE', '"mask"'));
  });

  it.each([-1n, 1n << 65536n])('refuses a bigint out of range', (value) => {
    expect(() => CpuMask.from(value)).toThrow(RangeError);
    expect(() => CpuMask.from(value)).toThrow(refused('ERR_OUT_OF_RANGE', '"mask"'));
  });

  it('refuses what is no CPU in an iterable', () => {
    for (const cpu of [-1, 65536, 1.5, NaN, Infinity]) {
      expect(() => CpuMask.from([0, cpu])).toThrow(refused('ERR_OUT_OF_RANGE', '"mask[]"'));
    }
    expect(() => CpuMask.from(wrong(['0']))).toThrow(refused('ERR_INVALID_ARG_TYPE', '"mask[]"'));
    expect(() => CpuMask.of(-1)).toThrow(refused('ERR_OUT_OF_RANGE', '"cpus[]"'));
  });
});

describe('arguments of a wrong type or range', () => {
  const mask = CpuMask.of(0);
  it.each<[string, string, () => unknown]>([
    ['ERR_INVALID_ARG_TYPE', '"bitmap"', () => CpuMask.parse(wrong(5) as string)],
    ['ERR_INVALID_ARG_TYPE', '"list"', () => CpuMask.parseList(wrong(mask) as string)],
    ['ERR_INVALID_ARG_TYPE', '"nrCpus"', () => CpuMask.parse('f', '4' as unknown as number)],
    ['ERR_OUT_OF_RANGE', '"nrCpus"', () => CpuMask.parse('f', 0)],
    ['ERR_OUT_OF_RANGE', '"nrCpus"', () => CpuMask.parseList('0', 65537)],
    ['ERR_OUT_OF_RANGE', '"nrCpus"', () => mask.toString(1.5)],
    ['ERR_INVALID_ARG_TYPE', '"nrCpus"', () => mask.toString(null as unknown as number)],
    ['ERR_INVALID_ARG_TYPE', '"cpu"', () => mask.has('0' as unknown as number)],
    ['ERR_OUT_OF_RANGE', '"cpu"', () => mask.has(-1)],
    ['ERR_INVALID_ARG_TYPE', '"other"', () => mask.and(wrong(0))],
    ['ERR_INVALID_ARG_TYPE', '"other"', () => mask.or(wrong(undefined))],
    ['ERR_INVALID_ARG_TYPE', '"other"', () => mask.andNot(wrong({}))],
    ['ERR_INVALID_ARG_TYPE', '"other"', () => mask.equals(wrong(null))],
  ])('%s %s', (code, name, call) => expect(call).toThrow(refused(code, name)));
});

describe('CpuMask', () => {
  it('answers questions', () => {
    const mask = CpuMask.of(3, 31, 32, 63, 64);
    expect(mask.weight).toBe(5);
    expect([...mask]).toEqual([3, 31, 32, 63, 64]);
    expect(mask.first()).toBe(3);
    expect([31, 32, 65535].map((cpu) => mask.has(cpu))).toEqual([true, true, false]);
    expect(mask.isEmpty()).toBe(false);
    expect(CpuMask.of().isEmpty()).toBe(true);
    expect(CpuMask.of().first()).toBeUndefined();
    expect(CpuMask.of().weight).toBe(0);
  });

  it('takes other masks in every form', () => {
    const mask = CpuMask.from('0-3');
    expect(mask.and('2-9').toList()).toBe('2-3');
    expect(mask.or([9]).toList()).toBe('0-3,9');
    expect(mask.andNot('0x5').toList()).toBe('1,3');
    expect(mask.equals(15n)).toBe(true);
    expect(mask.equals('0-2')).toBe(false);
    expect(CpuMask.of(1, 900).and([1]).equals([1])).toBe(true); // however long it was
  });

  it('prints as the kernel does', () => {
    expect(CpuMask.from('0-3').toString(40)).toBe('00,0000000f');
    expect(CpuMask.of().toString(33)).toBe('0,00000000');
    expect(CpuMask.of(9).toString(4)).toBe('200'); // wider, so that no CPU is lost
    expect(list(0, 1, 2, 3, 8)).toBe('0-3,8');
  });

  it('prints as wide as this machine by default', () => {
    const nrCpus = Math.max(...cpus.possible()) + 1;
    expect(CpuMask.of(0).toString()).toBe(CpuMask.of(0).toString(nrCpus));
    expect(`${CpuMask.of(0)}`).toBe(CpuMask.of(0).toString());
  });

  it('shows itself', () => {
    expect(inspect(CpuMask.from('0-3,8'))).toBe('CpuMask(0-3,8)');
    expect(JSON.stringify({ mask: CpuMask.from('0-3,8') })).toBe('{"mask":"0-3,8"}');
  });

  it('never changes', () => {
    const words = Uint32Array.of(1, 2);
    const mask = CpuMask.from(words);
    words.fill(0);
    mask.or('9').andNot('1');
    expect(mask.toList()).toBe('1-2');
  });

  it('cannot be made with new', () => {
    const maker = CpuMask as unknown as new (value: unknown) => CpuMask;
    for (const value of [undefined, '0-3', [1], Uint32Array.of(1)]) expect(() => new maker(value)).toThrow(TypeError);
  });
});

describe('properties', () => {
  const random = new Random();
  const title = `hold for random masks (PADATA_SEED=${random.seed})`;

  /** Random CPUs below a random limit: scattered ones and ranges. */
  function randomCpus(): { cpus: Set<number>; nrCpus: number } {
    const nrCpus = 1 + random.below(2 ** (1 + random.below(13)));
    const chosen = new Set<number>();
    for (let left = random.below(30); left > 0; left--) {
      const first = random.below(nrCpus);
      const last = Math.min(nrCpus - 1, first + (random.below(2) ? random.below(80) : 0));
      for (let cpu = first; cpu <= last; cpu++) chosen.add(cpu);
    }
    return { cpus: chosen, nrCpus };
  }
  const ascending = (numbers: Iterable<number>) => [...numbers].sort((a, b) => a - b);

  it(`${title}: what is printed is read back`, () => {
    for (let round = 0; round < 300; round++) {
      const { cpus: chosen, nrCpus } = randomCpus();
      const mask = CpuMask.from(chosen);
      const text = mask.toString(nrCpus);
      expect([...mask]).toEqual(ascending(chosen));
      expect(mask.weight).toBe(chosen.size);
      expect(CpuMask.parse(text, nrCpus).equals(mask)).toBe(true);
      expect(CpuMask.parse(text, nrCpus).toString(nrCpus)).toBe(text);
      expect(CpuMask.from(`0x${text}`).equals(mask)).toBe(true);
      expect(CpuMask.from(BigInt(`0x${text.replaceAll(',', '')}`)).equals(mask)).toBe(true);
      expect(CpuMask.from(`0x${text.replaceAll(',', '')}`).equals(mask)).toBe(true);
      expect(CpuMask.parseList(mask.toList(), nrCpus).equals(mask)).toBe(true);
      expect(text.replaceAll(',', '')).toHaveLength(Math.ceil(nrCpus / 4));
    }
  });

  it(`${title}: sets behave as sets`, () => {
    for (let round = 0; round < 300; round++) {
      const { cpus: left } = randomCpus();
      const { cpus: right } = randomCpus();
      const [a, b] = [CpuMask.from(left), CpuMask.from(right)];
      expect([...a.and(b)]).toEqual(ascending([...left].filter((cpu) => right.has(cpu))));
      expect([...a.or(b)]).toEqual(ascending(new Set([...left, ...right])));
      expect([...a.andNot(b)]).toEqual(ascending([...left].filter((cpu) => !right.has(cpu))));
      expect(a.and(b).or(a.andNot(b)).equals(a)).toBe(true);
      for (const cpu of right) expect(a.has(cpu)).toBe(left.has(cpu));
    }
  });
});
