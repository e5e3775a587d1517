/** Strings as bytes, and back. */

/** Strings that fit are written here: it saves an allocation. */
const scratch = Buffer.allocUnsafeSlow(16384);

type Slice = (this: Uint8Array, start: number, end: number) => string;
type Methods = { readonly latin1Slice: Slice; readonly ucs2Slice: Slice; readonly utf8Slice: Slice };
// What Buffer's toString() calls; on any Uint8Array, and without a Buffer to be made first.
const { latin1Slice, ucs2Slice, utf8Slice } = Buffer.prototype as unknown as Methods;

/** Whether each character is one byte in UTF-8. */
export function isAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length;
}

/** The bytes are valid until the next call. */
export function toBytes(text: string, encoding: 'latin1' | 'utf16le' | 'utf8'): Uint8Array {
  if (text.length * 3 > scratch.length) return Buffer.from(text, encoding);
  return scratch.subarray(0, scratch.write(text, 0, scratch.length, encoding));
}

export function fromLatin1(bytes: Uint8Array): string {
  return latin1Slice.call(bytes, 0, bytes.length);
}

export function fromUtf16(bytes: Uint8Array): string {
  return ucs2Slice.call(bytes, 0, bytes.length);
}

export function fromUtf8(bytes: Uint8Array): string {
  return utf8Slice.call(bytes, 0, bytes.length);
}
