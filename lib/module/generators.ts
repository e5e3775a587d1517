/** What a generator yields, as an array. What is yielded by move() is moved with the array. */
import { move, Transferred } from './transferred.js';

export function isAsyncGenerator(value: object): value is AsyncGenerator {
  return Symbol.asyncIterator in value;
}

export function collect(generator: Iterable<unknown>): unknown {
  return gather([...generator]);
}

export async function collectAsync(generator: AsyncIterable<unknown>): Promise<unknown> {
  const values: unknown[] = [];
  for await (const value of generator) values.push(value);
  return gather(values);
}

function gather(values: unknown[]): unknown {
  const moved = values.filter((value) => value instanceof Transferred);
  if (moved.length === 0) return values;
  const plain = values.map((value) => (value instanceof Transferred ? value.value : value));
  return move(plain, [...new Set(moved.flatMap(({ transferList }) => transferList))]);
}
