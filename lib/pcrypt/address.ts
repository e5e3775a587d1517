/** IP addresses as bytes. */
import { isIPv4, isIPv6 } from 'node:net';
import { rangeError, typeError } from '../internal/validate.js';

const ipv4Bytes = (text: string): number[] => text.split('.').map(Number);

function groupBytes(groups: string): number[] {
  if (groups === '') return [];
  return groups.split(':').flatMap((group) => {
    if (group.includes('.')) return ipv4Bytes(group);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

function ipv6Bytes(text: string): number[] {
  const [head = '', tail] = text.split('::');
  const front = groupBytes(head);
  if (tail === undefined) return front;
  const back = groupBytes(tail);
  return [...front, ...new Array<number>(16 - front.length - back.length).fill(0), ...back];
}

/** The bytes of an IPv4 or IPv6 address: 4 or 16. Throws if it is none; an IPv6 address with a zone is none here. */
export function addressBytes(name: string, value: unknown): Uint8Array {
  if (typeof value !== 'string') throw typeError(name, 'an IPv4 or IPv6 address', value);
  if (isIPv4(value)) return Uint8Array.from(ipv4Bytes(value));
  if (isIPv6(value) && !value.includes('%')) return Uint8Array.from(ipv6Bytes(value));
  throw rangeError(name, 'an IPv4 or IPv6 address', value);
}
