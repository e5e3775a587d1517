/** The slab allocator by itself, over memory that the test owns and counts. */
import { describe, expect, it } from 'vitest';
import { type Slab, SlabAllocator } from '../../dist/internal/slab.js';
import { wrong } from '../support/padata.js';

const SLAB = 256 * 1024;

/** Stands for the bridge: counts what is added and dropped. */
class Memory {
  added: number[] = [];
  dropped = 0;
  isExhausted = false;

  addSlab(bytes: number) {
    if (this.isExhausted) return undefined;
    this.added.push(bytes);
    return {
      buffer: new ArrayBuffer(bytes),
      address: 2 ** 33 + this.added.length * 2 ** 20,
      handle: this.added.length,
    };
  }
  dropSlab() {
    this.dropped++;
  }
  slabBytes(_handle: number, _offset: number, size: number) {
    return new Uint8Array(size).fill(9);
  }
}

function setUp() {
  const memory = new Memory();
  return { memory, slabs: new SlabAllocator(wrong(memory)) };
}

describe('SlabAllocator', () => {
  it('places begin on cache lines, one behind the other, and never overlap', () => {
    const { memory, slabs } = setUp();
    const ends = new Map<Slab, number>();
    for (let i = 0; i < 1000; i++) {
      const size = 1 + ((i * 97) % 3000);
      const slab = slabs.reserve(size);
      expect(slabs.offset % 64).toBe(0);
      expect(slabs.offset).toBeGreaterThanOrEqual(ends.get(slab) ?? 0);
      expect(slabs.offset + size).toBeLessThanOrEqual(slab.bytes.length);
      ends.set(slab, slabs.offset + size);
    }
    expect(memory.added.length).toBe(ends.size);
  });

  it('uses a slab again when nothing of it is in flight', () => {
    const { memory, slabs } = setUp();
    for (let i = 0; i < 5000; i++) slabs.release(slabs.reserve(1000));
    expect(memory.added).toEqual([SLAB]);
    const many = Array.from({ length: 2000 }, () => slabs.reserve(1000));
    for (const slab of many) slabs.release(slab);
    const made = memory.added.length;
    for (const slab of Array.from({ length: 2000 }, () => slabs.reserve(1000))) slabs.release(slab);
    expect(memory.added.length).toBe(made);
  });

  it('does not use a place again that a result was handed out of', () => {
    const { memory, slabs } = setUp();
    const seen = new Set<string>();
    for (let i = 0; i < 1000; i++) {
      const slab = slabs.reserve(1000);
      const place = `${slab.handle}:${slabs.offset}`;
      expect(seen.has(place)).toBe(false);
      seen.add(place);
      slabs.view(slab, slabs.offset, 1000);
      slabs.release(slab);
    }
    expect(memory.dropped).toBeGreaterThanOrEqual(memory.added.length - 1);
  });

  it('gives large inputs slabs to themselves, and drops them', () => {
    const { memory, slabs } = setUp();
    const slab = slabs.reserve(100_000);
    expect([slab.bytes.length, slabs.offset]).toEqual([100_000, 0]);
    slabs.release(slab);
    expect([memory.added, memory.dropped]).toEqual([[100_000], 1]);
  });

  it('leaves a slab whose buffer was detached, and copies the results that lie in it', () => {
    const { memory, slabs } = setUp();
    const slab = slabs.reserve(100);
    slabs.view(slab, 0, 100);
    structuredClone(slab.buffer, { transfer: [slab.buffer] });
    expect([...slabs.view(slab, 0, 3)]).toEqual([9, 9, 9]);
    expect(slabs.reserve(100)).not.toBe(slab);
    expect(memory.dropped).toBe(0); // a job still uses it
    slabs.release(slab);
    expect(memory.dropped).toBe(1);
  });

  it('says ENOMEM where there is none, and works again when there is some', () => {
    const { memory, slabs } = setUp();
    memory.isExhausted = true;
    expect(() => slabs.reserve(10)).toThrow(/ENOMEM/);
    expect(() => slabs.reserve(100_000)).toThrow(/ENOMEM/);
    memory.isExhausted = false;
    slabs.release(slabs.reserve(10));
    expect(memory.added).toEqual([SLAB]);
  });
});
