/** What `native/src/binding/function_exports.h` offers: the native functions that the package ships. */
import { type Binding, binding } from '../binding.js';
import { PadataError } from '../errors.js';
import { rangeError } from './validate.js';

/** How native code says no: a negative errno, what was expected or what happened, and which argument is to blame. */
export interface Refusal {
  errno: number;
  message: string;
  argument?: 'name' | 'key' | 'authSize';
}

/** An `External` is what `makeNativeFunction()` takes. */
type External = unknown;

export interface AeadFunctions {
  encrypt: External;
  decrypt: External;
  ivSize: number;
  authSize: number;
  /** Associated data must have 8 or 12 bytes. */
  espAadOnly: boolean;
}

export interface EspNativeOptions {
  algorithm: string;
  key: Uint8Array;
  authSize: number | undefined;
  spi: number;
  extendedSequence: boolean;
  replayWindow: number;
  tunnel:
    | {
        /** 4 or 16 bytes, as has the destination. */
        source: Uint8Array;
        destination: Uint8Array;
        hopLimit: number;
        /** 0 copy, 1 set, 2 clear */
        dontFragment: number;
        dscp: number | undefined;
      }
    | undefined;
}

export interface FunctionsBinding {
  noop(): External;
  echo(): External;
  crc32(): External;
  spin(nanoseconds: number): External;
  histogram(): External;
  sum(): External;
  translate(): External;
  aead(name: string, key: Uint8Array, authSize: number | undefined): AeadFunctions | Refusal;
  esp(options: EspNativeOptions): { outbound: External; inbound: External } | Refusal;
}

export const native = (binding as Binding & { functions: FunctionsBinding }).functions;

/** The arguments that native code can blame, by the names that the caller of `syscall` knows them by. */
export interface Blamable {
  name: [label: string, value: string];
  key: [label: string, value: Uint8Array];
  authSize: [label: string, value: number | undefined];
}

/** Throws if native code has refused: a RangeError that names the argument, or else a PadataError. */
export function checkRefusal<T extends object>(
  result: T | Refusal,
  syscall: string,
  args: Blamable,
): asserts result is T {
  if (!('errno' in result)) return;
  const { argument, errno, message } = result;
  if (argument === undefined) throw PadataError.fromErrno(errno, syscall, message);
  if (argument === 'key') throw rangeError(`${args.key[0]}.length`, message, args.key[1].length);
  throw rangeError(args[argument][0], message, args[argument][1]);
}
