/** ESP opened by node:crypto, without the code under test; and what the tests of ESP share. */
import { createDecipheriv } from 'node:crypto';

export type EspAlgorithm = 'rfc4106(gcm(aes))' | 'rfc7539esp(chacha20,poly1305)';

/** What an ESP packet holds. */
export interface OpenedEsp {
  spi: number;
  sequence: number;
  iv: bigint;
  /** What was encrypted, padding and trailer taken off. */
  payload: Buffer;
  padding: number[];
  nextHeader: number;
}

function decipher(algorithm: EspAlgorithm, key: Buffer, nonce: Buffer, authTagLength: number) {
  if (algorithm === 'rfc4106(gcm(aes))') {
    const name = `aes-${key.length * 8}-gcm` as 'aes-256-gcm';
    return createDecipheriv(name, key, nonce, { authTagLength });
  }
  return createDecipheriv('chacha20-poly1305', key, nonce, { authTagLength });
}

/**
 * Verifies and decrypts the ESP part of a packet, as RFC 4303 and RFC 4106 or 7634 describe it.
 *
 * @param esp          from the SPI to the end of the ICV
 * @param key          with its salt
 * @param sequenceHigh the upper half of an extended sequence number
 */
export function openEsp(
  esp: Buffer,
  key: Buffer,
  algorithm: EspAlgorithm,
  authSize = 16,
  sequenceHigh?: number,
): OpenedEsp {
  const nonce = Buffer.concat([key.subarray(-4), esp.subarray(8, 16)]);
  const opener = decipher(algorithm, key.subarray(0, -4), nonce, authSize);
  const high = Buffer.alloc(sequenceHigh === undefined ? 0 : 4);
  if (sequenceHigh !== undefined) high.writeUInt32BE(sequenceHigh);
  const text = esp.subarray(16, esp.length - authSize);
  opener.setAAD(Buffer.concat([esp.subarray(0, 4), high, esp.subarray(4, 8)]), { plaintextLength: text.length });
  opener.setAuthTag(esp.subarray(esp.length - authSize));
  const plain = Buffer.concat([opener.update(text), opener.final()]);
  const padLength = plain[plain.length - 2] as number;
  const end = plain.length - 2 - padLength;
  return {
    spi: esp.readUInt32BE(0),
    sequence: esp.readUInt32BE(4),
    iv: esp.readBigUInt64BE(8),
    payload: plain.subarray(0, end),
    padding: [...plain.subarray(end, end + padLength)],
    nextHeader: plain[plain.length - 1] as number,
  };
}
