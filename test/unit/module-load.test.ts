/** Modules as an isolate loads them. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, test } from 'vitest';
import { load } from '../../dist/module/load.js';
import { Transferred } from '../../dist/module/transferred.js';

const url = (file: string) =>
  file.startsWith('data:') ? file : pathToFileURL(join(import.meta.dirname, '../fixtures/modules', file)).href;
const call = async (file: string, name: string, input?: unknown) => {
  const { call, state } = await load(url(file), name);
  return call(input, { state });
};

describe('exports', () => {
  test.each([
    ['esm.mjs', 'default', 4, 8],
    ['esm.mjs', 'later', 4, 4],
    ['esm.mjs', 'count', 3, [0, 1, 2]],
    ['esm.mjs', 'countLater', 3, [0, 1, 2]],
    ['function.cjs', 'default', 4, 5],
    ['function.cjs', 'twice', 4, 8],
    ['named.cjs', 'add', [1, 2], 3],
    ['transpiled.cjs', 'default', 1, 'transpiled 1'],
  ])('%s, %s', async (file, name, input, output) => expect(await call(file, name, input)).toEqual(output));

  it('of built-in modules and data: URLs', async () => {
    expect((await load('node:path', 'basename')).call('/a/b', undefined)).toBe('b');
    expect((await load('data:text/javascript,export default (n) => n + 1', 'default')).call(1, undefined)).toBe(2);
  });

  it('are found once', () => expect(load(url('esm.mjs'), 'later')).toBe(load(url('esm.mjs'), 'later')));

  it('say whether they may be asynchronous', async () => {
    const isAsync = async (file: string, name: string) => (await load(url(file), name)).isAsync;
    expect(await isAsync('named.cjs', 'add')).toBe(false);
    expect(await isAsync('esm.mjs', 'later')).toBe(true);
    expect(await isAsync('esm.mjs', 'default')).toBe(true); // by its setup
  });

  it('what they throw is thrown as it is', () =>
    expect(call('esm.mjs', 'throws')).rejects.toThrow(new RangeError('as it is')));

  it('what a generator yields by move() is moved with the array', async () => {
    const result = (await call('moving.mjs', 'pieces')) as { value: unknown[]; transferList: unknown[] };
    expect(result).toBeInstanceOf(Transferred);
    expect(result.value).toEqual([{ first: new ArrayBuffer(4) }, 'not moved']);
    expect(result.transferList).toHaveLength(1);
  });
});

describe('setup()', () => {
  it('is called once for all exports, and its result is the state', async () => {
    const states = await Promise.all(['stateful', 'default', 'count'].map(async (name) => load(url('esm.mjs'), name)));
    for (const { state } of states) expect(state).toEqual({ table: [1, 2, 3], setups: 1 });
    expect(await call('esm.mjs', 'stateful')).toBe(states[0]!.state);
  });

  it('of CommonJS counts where Node does not see it', async () => {
    expect((await load(url('function.cjs'), 'default')).state).toBe('prepared');
  });

  it('is undefined without it', async () => expect((await load(url('named.cjs'), 'add')).state).toBeUndefined());
});

describe('what cannot be loaded', () => {
  const cases: [file: string, name: string, says: string, like: object][] = [
    ['absent.mjs', 'f', 'Cannot find module', { code: 'ERR_MODULE_NOT_FOUND' }],
    ['missing-import.mjs', 'default', 'is-not-there.mjs', { code: 'ERR_MODULE_NOT_FOUND' }],
    ['esm.mjs', 'missing', 'it exports count, countLater, default, later, notAFunction, setup', { name: 'TypeError' }],
    ['named.cjs', 'missing', 'add', { name: 'TypeError' }],
    ['esm.mjs', 'notAFunction', 'must be a function, but is number', { name: 'TypeError' }],
    ['named.cjs', 'broken', 'must be a function, but is undefined', { name: 'TypeError' }],
    ['moving.mjs', 'default', 'must be a function, but is object', { name: 'TypeError' }],
    ['data:text/javascript,export default function (', 'default', 'Unexpected end', { name: 'SyntaxError' }],
    ['bad-import.mjs', 'default', 'at import', { code: 'E_OWN', cause: expect.any(TypeError) }],
    ['bad-setup.mjs', 'default', 'its setup() failed: no table', {}],
    ['no-setup.mjs', 'default', 'its export setup must be a function, but is string', {}],
  ];
  test.each(cases)('%s, %s: names both, and says %s', async (file, name, says, like) => {
    const error = await load(url(file), name).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Error);
    for (const text of [`export ${name} of ${url(file)}`, says]) expect((error as Error).message).toContain(text);
    expect(error).toMatchObject(like);
    expect(await load(url(file), name).catch((reason: unknown) => reason)).toBe(error);
  });
});
