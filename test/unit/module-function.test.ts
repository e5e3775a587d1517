/** moduleFunction() and move(): what they take, and what they are. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, test } from 'vitest';
import { ModuleFunction, moduleFunction } from '../../dist/module/module-function.js';
import { move } from '../../dist/module/transferred.js';

const path = join(import.meta.dirname, 'no such #file?.mjs');
const wrong = (value: unknown) => value as never;
const ids = (fn: object) => (fn as { id: number }).id;

describe('moduleFunction()', () => {
  it('takes a URL, its text, or an absolute path, and is the same for the same', () => {
    const fn = moduleFunction(path, 'work');
    expect(fn).toBeInstanceOf(ModuleFunction);
    expect([fn.url, fn.name]).toEqual([pathToFileURL(path).href, 'work']);
    expect(moduleFunction(pathToFileURL(path), 'work')).toBe(fn);
    expect(moduleFunction(pathToFileURL(path).href, 'work')).toBe(fn);
    expect(moduleFunction(path).name).toBe('default');
  });

  it('has an id for each url and name', () => {
    const functions = ['node:fs', 'node:path', 'data:text/javascript,'].map((url) => moduleFunction(url, 'x'));
    const all = functions.map(ids);
    expect(all).toEqual([all[0], all[0]! + 1, all[0]! + 2]);
    expect(all[0]).toBeGreaterThan(0);
    expect(ids(moduleFunction('node:path', 'x'))).toBe(all[1]);
  });

  test.each([undefined, null, 1, {}, '', './work.mjs', 'work', 'http://host/work.mjs', new URL('https://host/x')])(
    '%s: a TypeError with the remedy',
    (module) => {
      const like = {
        name: 'TypeError',
        code: 'ERR_INVALID_ARG_TYPE',
        message: expect.stringContaining('import.meta.url'),
      };
      expect(() => moduleFunction(wrong(module))).toThrow(expect.objectContaining(like));
    },
  );

  it('wants a name that is a name', () => {
    expect(() => moduleFunction(path, wrong(1))).toThrow(TypeError);
    expect(() => moduleFunction(path, '')).toThrow(RangeError);
    expect(() => moduleFunction(path, 'setup')).toThrow(RangeError);
  });

  it('has no public constructor, and cannot be changed', () => {
    expect(() => Reflect.construct(ModuleFunction, [Symbol('x'), path, 'x', 1])).toThrow('use moduleFunction()');
    expect(Object.isFrozen(moduleFunction(path))).toBe(true);
  });
});

describe('move()', () => {
  it('wants a list', () => expect(() => move(1, wrong('x'))).toThrow(TypeError));
  it('copies the list', () => {
    const list = [new ArrayBuffer(1)];
    const moved = move('value', list) as unknown as { value: string; transferList: unknown[] };
    list.pop();
    expect([moved.value, moved.transferList.length]).toEqual(['value', 1]);
  });
});
