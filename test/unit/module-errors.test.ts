/** How errors cross between isolates: whatever is thrown comes out as an Error that says what it was. */
import { inspect, types } from 'node:util';
import vm from 'node:vm';
import { PadataError } from 'padata';
import { describe, expect, it, test } from 'vitest';
import { decodeError, encodeError } from '../../dist/module/errors.js';

type Any = Error & Record<string, unknown>;
const cross = (thrown: unknown) => decodeError(encodeError(thrown)) as Any;
class Custom extends TypeError {
  override name = 'Custom';
  extra = { list: [1] };
  get code() {
    return 'E_CUSTOM';
  }
}

describe('an error keeps its class', () => {
  const builtIn = [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError];
  test.each(builtIn)('$name', (Kind) => {
    const error = new Kind('the text');
    const out = cross(error);
    expect(Object.getPrototypeOf(out)).toBe(Kind.prototype);
    expect([out.name, out.message, out.stack, types.isNativeError(out)]).toEqual([
      Kind.name,
      'the text',
      error.stack,
      true,
    ]);
    expect(Object.keys(out)).toEqual([]);
  });

  it('AggregateError, with its errors', () => {
    const one = new RangeError('one');
    const out = cross(new AggregateError([one, 'two', () => 3], 'many')) as unknown as AggregateError;
    expect(out).toBeInstanceOf(AggregateError);
    expect(out.errors).toEqual([one, 'two', undefined]);
    expect(out.errors[0]).toBeInstanceOf(RangeError);
  });

  it('DOMException', () => {
    const out = cross(new DOMException('stopped', 'AbortError'));
    expect(out).toBeInstanceOf(DOMException);
    expect([out.name, out.message, out.code]).toEqual(['AbortError', 'stopped', 20]);
  });

  it('PadataError', () => {
    const error = new PadataError('EBUSY', 'doParallel');
    const out = cross(error);
    expect(out).toBeInstanceOf(PadataError);
    expect({ ...out }).toEqual({ ...error });
  });

  it('one of another realm: an Error with its name', () => {
    const out = cross(vm.runInNewContext('new RangeError("elsewhere")'));
    expect([out instanceof Error, out.name, out.message]).toEqual([true, 'RangeError', 'elsewhere']);
  });

  it('a class that only the other side has: the built-in one below it, with name and code', () => {
    const out = cross(new Custom('x'));
    expect(out).toBeInstanceOf(TypeError);
    expect([out.name, out.code, out.extra]).toEqual(['Custom', 'E_CUSTOM', { list: [1] }]);
  });
});

describe('what an error holds', () => {
  it('own properties cross if they can be cloned', () => {
    const own = { code: 'E', count: 1, map: new Map([[1, 2]]), nested: new RangeError('inner') };
    const out = cross(Object.assign(new Error('x'), own, { fn() {}, blob: new Blob([]), [Symbol('s')]: 1 }));
    expect({ ...out }).toEqual(own);
    expect(out.nested).toBeInstanceOf(RangeError);
  });

  it('its cause, if it has one', () => {
    expect(Object.hasOwn(cross(new Error('x')), 'cause')).toBe(false);
    expect(Object.hasOwn(cross(new Error('x', { cause: undefined })), 'cause')).toBe(true);
    expect(cross(new Error('x', { cause: { a: 1 } })).cause).toEqual({ a: 1 });
    expect(cross(new Error('x', { cause: new Custom('y') })).cause).toMatchObject({ name: 'Custom', message: 'y' });
  });

  it('cycles', () => {
    const error = new Error('x') as Any;
    error.cause = new Error('y', { cause: error });
    error.self = error;
    const out = cross(error);
    expect(out.self).toBe(out);
    expect((out.cause as Error).cause).toBe(out);
  });

  it('a chain without end is cut', () => {
    let error = new Error('0');
    for (let i = 1; i < 100_000; i++) error = new Error(String(i), { cause: error });
    let length = 0;
    for (let next: unknown = cross(error); next instanceof Error; next = next.cause) length++;
    expect(length).toBe(100);
  });

  it("the submitter's stack comes below", () => {
    const error = new Error('x');
    const out = decodeError(encodeError(error), '    at submit (file.js:1:2)');
    const lines = out.stack!.split('\n');
    expect(out.stack!.startsWith(error.stack!)).toBe(true);
    expect(lines.at(-2)).toContain('---');
    expect(lines.at(-1)).toBe('    at submit (file.js:1:2)');
  });
});

describe('what is no Error', () => {
  const cases: [string, unknown, string][] = [
    ['a string', 'text', "string 'text'"],
    ['undefined', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a number', 7, 'number 7'],
    ['an object', { a: 1 }, 'an instance of Object'],
  ];
  test.each(cases)('%s is the cause of one', (_name, value, text) => {
    const out = cross(value);
    expect([out.message, out.cause]).toEqual([`the module function threw ${text}`, value]);
    expect(out.stack).toBe(`Error: ${out.message}`);
  });

  test.each([
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a promise', Promise.resolve()],
  ])('%s cannot be the cause, but is named', (_name, value) => {
    const out = cross(value);
    expect(out.message).toMatch(/^the module function threw (function|symbol|an instance of Promise)/);
    expect(out.cause).toBeUndefined();
  });
});

describe('what is hostile', () => {
  const fail = () => {
    throw new Error('trap');
  };
  const traps = { get: fail, getPrototypeOf: fail, has: fail, ownKeys: fail, getOwnPropertyDescriptor: fail };
  const getters = (target: object) =>
    ['stack', 'name', 'message', 'code', 'cause', 'errors', 'own', 'constructor'].reduce(
      (object, key) => Object.defineProperty(object, key, { get: fail, enumerable: true }),
      target,
    );
  const deep = () => {
    let value: unknown = 1;
    for (let i = 0; i < 1_000_000; i++) value = [value];
    return value;
  };
  const revoked = Proxy.revocable(new Error('x'), {});
  revoked.revoke();
  const cases: Record<string, unknown> = {
    'a proxy of an error': new Proxy(new Error('x'), traps),
    'a proxy of an object': new Proxy({}, traps),
    'a revoked proxy': revoked.proxy,
    'an error of getters': getters(new Error('x')),
    'an AggregateError of getters': getters(new AggregateError([], 'x')),
    'an object of getters': getters({}),
    'an AggregateError of a long array': Object.assign(new AggregateError([]), {
      errors: Object.assign([], { length: 4e9 }),
    }),
    'an error with depth': Object.assign(new Error('x'), { value: deep(), kept: 1 }),
    'depth itself': deep(),
    'no prototype': Object.create(null),
    'an error without a prototype': Object.setPrototypeOf(new Error('x'), null),
    'odd types': Object.assign(new Error('x'), {
      name: Symbol('n'),
      message: 1n,
      stack: {},
      code: () => 1,
      toString: fail,
    }),
  };
  test.each(Object.entries(cases))('%s', (_name, thrown) => {
    const out = cross(thrown);
    expect(out).toBeInstanceOf(Error);
    expect(typeof out.stack).toBe('string');
    expect(inspect(out)).toContain('Error');
  });

  it('what can be kept is', () => expect(cross(cases['an error with depth'])).toMatchObject({ message: 'x', kept: 1 }));
});
