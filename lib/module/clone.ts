/**
 * Values as bytes of V8's serialization format, with the meaning of structuredClone: V8's own serializer, and views of ArrayBuffers
 * written here, so that a small Buffer does not take the whole pool along that it is a view of.
 */
import { Deserializer, Serializer } from 'node:v8';

type ViewClass = new (buffer: ArrayBuffer, byteOffset: number, length: number) => ArrayBufferView;

/** Newer kinds of arrays are to be added at the end. Where one is absent, values that hold it go another way. */
const names = (
  'Uint8Array Int8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array Float32Array ' +
  'Float64Array BigInt64Array BigUint64Array DataView Float16Array'
).split(' ');
const classes = names.map((name) => Reflect.get(globalThis, name) as ViewClass | undefined);

/** Stands where the number of a class does, before the bytes of a Buffer that is a view of something larger. */
const PART = names.length;

class Writer extends Serializer {
  /** Called by V8 for each view, and for objects that only Node could clone. */
  _writeHostObject(value: object): void {
    if (!ArrayBuffer.isView(value) || !isFixed(value.buffer)) throw new Error('not for bytes');
    if (Buffer.isBuffer(value) && value.length < value.buffer.byteLength) this.#writePart(value);
    else this.#writeView(value, value.buffer);
  }

  #writePart(bytes: Uint8Array): void {
    this.writeUint32(PART);
    this.writeUint32(bytes.length);
    this.writeRawBytes(bytes);
  }

  #writeView(view: ArrayBufferView, buffer: ArrayBuffer): void {
    const index = classes.findIndex((type) => type !== undefined && view instanceof type);
    if (index === -1) throw new Error('a view of another realm, or of a kind that is not known here');
    this.writeUint32(index);
    this.writeValue(buffer); // once per buffer: views of the same one stay so
    this.writeDouble(view.byteOffset);
    this.writeDouble('length' in view ? (view.length as number) : view.byteLength);
  }
}

/** A SharedArrayBuffer is not copied, and a view of a resizable buffer may follow its length: neither can be said in our bytes. */
function isFixed(buffer: ArrayBufferLike): buffer is ArrayBuffer {
  return buffer instanceof ArrayBuffer && (buffer as { resizable?: boolean }).resizable !== true;
}

class Reader extends Deserializer {
  _readHostObject(): ArrayBufferView {
    const index = this.readUint32();
    if (index === PART) return new Uint8Array(this.readRawBytes(this.readUint32()));
    const buffer = this.readValue() as ArrayBuffer;
    const byteOffset = this.readDouble();
    return new (classes[index] as ViewClass)(buffer, byteOffset, this.readDouble());
  }
}

/**
 * @returns bytes of their own
 * @throws whatever stands against it: the value cannot be cloned, or not this way
 */
export function serialize(value: unknown): Uint8Array {
  const writer = new Writer();
  // @ts-expect-error not in Node's declarations, though documented: v8.DefaultSerializer does no more either
  writer._setTreatArrayBufferViewsAsHostObjects(true);
  writer.writeHeader();
  writer.writeValue(value);
  return writer.releaseBuffer();
}

/** The value again. The bytes are not needed afterwards. */
export function deserialize(bytes: Uint8Array): unknown {
  const reader = new Reader(bytes);
  reader.readHeader();
  return reader.readValue();
}
