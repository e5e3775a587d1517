/** Authenticated encryption with associated data, as native functions. */
import { type Explain, explainer } from '../internal/explain.js';
import { type AeadFunctions, checkRefusal, native } from '../internal/functions-binding.js';
import { freeNativeFunction, makeNativeFunction } from '../internal/make-native-function.js';
import { type Codec, type InputParts, Reference } from '../internal/native-function.js';
import { checkBytes, checkInteger, checkName, checkOptions, rangeError, typeError } from '../internal/validate.js';
import type { NativeFunction } from '../native-function.js';

/**
 * The input of a job of {@link Aead}. All of it is copied when the job is submitted, except where `dst` and `data` are memory from
 * `allocate()`.
 */
export interface AeadRequest {
  /**
   * The initialization vector: {@link Aead.ivSize} bytes. With AES-GCM and ChaCha20-Poly1305, never use one twice with the
   * same key: whoever sees two texts under one iv learns both and can forge more.
   */
  iv: Uint8Array;
  /**
   * What is authenticated but not encrypted. Default: nothing. For `rfc4106(gcm(aes))` 8 or 12 bytes, SPI and sequence
   * number of an ESP packet; the iv does not belong to it (the kernel's callers put it there and count 16 or 20 bytes, yet it
   * is authenticated as part of the nonce only).
   */
  aad?: Uint8Array;
  /** encrypt: the plaintext. decrypt: ciphertext and tag. At most 2 GiB. */
  data: Uint8Array;
  /**
   * Where the result goes, as in the kernel's aead_request_set_crypt(): at least `data.length + authSize` bytes to encrypt,
   * `data.length - authSize` to decrypt, else a RangeError. `job.result` is then this array, or a subarray as long as the
   * result. Written in the job's turn, just before serial(); if it was detached or made shorter meanwhile, the job ends
   * with ENOBUFS. Default: memory of padata's, new for each result. To use buffers again costs less than new ones.
   *
   * Memory from `allocate()` costs least: the thread writes the result there by itself, at any time until serial() is called, and if `data`
   * is from there as well (the same bytes, or others), it is read where it is. So leave both alone until then. If the job fails, what is
   * in `dst` means nothing; but plaintext that was not authenticated never gets there. A result that is shorter than `dst` is the same
   * view again as long as it has the same length.
   */
  dst?: Uint8Array;
}

/** Options of {@link aead}. */
export interface AeadOptions {
  /** Size of the tag in bytes; see {@link aead} for what each algorithm allows. Default: 16. */
  authSize?: number;
}

/** An AEAD with a key. */
export interface Aead {
  /** The kernel's name of the algorithm. */
  readonly name: string;
  /** How many bytes an iv must have. */
  readonly ivSize: number;
  /** How many bytes a tag has. */
  readonly authSize: number;
  /** Gives ciphertext and tag. */
  readonly encrypt: NativeFunction<AeadRequest, Uint8Array>;
  /**
   * Gives the plaintext. A job ends, in its turn, with the `PadataError` `EBADMSG` if the tag does not verify: not one byte of
   * plaintext then comes out or stays in memory. With `EINVAL` if `data` is shorter than a tag.
   */
  readonly decrypt: NativeFunction<AeadRequest, Uint8Array>;
  /**
   * Ends the use of the key. Jobs in flight are finished; then the key and all that was derived from it is wiped. Submitting
   * another job throws the `PadataError` `EINVAL`. Calling it again does nothing. Without it the key lives until the garbage
   * collector finds that nobody can use it any more. The bytes that were given to {@link aead} are yours to wipe, at once
   * if you like.
   */
  free(): void;
  [Symbol.dispose](): void;
}

const explainEncrypt = explainer({ EIO: 'libcrypto failed' });
const explainDecrypt = explainer({
  EBADMSG: 'the integrity check failed: wrong key, or the data, the aad or the iv was changed',
  EINVAL: 'the data is shorter than a tag',
  EIO: 'libcrypto failed',
});

class AeadCodec implements Codec<AeadRequest, Uint8Array> {
  readonly explain: Explain;
  readonly reference: Reference;
  readonly #ivSize: number;
  readonly #espAadOnly: boolean;
  readonly #growth: number;

  /** @param growth how much longer the result is than `data` */
  constructor({ ivSize, espAadOnly }: AeadFunctions, growth: number, explain: Explain) {
    this.explain = explain;
    this.#ivSize = ivSize;
    this.#espAadOnly = espAadOnly;
    this.#growth = growth;
    this.reference = growth < 0 ? Reference.COPY : Reference.SOURCE;
  }

  encode(input: AeadRequest, parts: InputParts): void {
    if (typeof input !== 'object' || input === null) throw typeError('job.data', 'an object with iv and data', input);
    const { iv, aad, data, dst } = input;
    checkBytes('job.data.iv', iv);
    if (iv.length !== this.#ivSize) throw rangeError('job.data.iv.length', `${this.#ivSize}`, iv.length);
    if (aad !== undefined) checkBytes('job.data.aad', aad);
    checkBytes('job.data.data', data);
    if (this.#espAadOnly && aad?.length !== 8 && aad?.length !== 12) {
      throw rangeError('job.data.aad.length', '8 or 12', aad?.length ?? 0);
    }
    if (dst !== undefined) this.#checkDst(dst, data);
    parts.dst = dst;
    parts.first = iv;
    parts.second = aad;
    parts.third = data;
  }

  #checkDst(dst: unknown, data: Uint8Array): void {
    checkBytes('job.data.dst', dst);
    const needed = data.length + this.#growth;
    if (dst.length < needed) throw rangeError('job.data.dst.length', `at least ${needed}`, dst.length);
  }
}

/**
 * An AEAD by the kernel's name, with a key as the kernel's setkey takes it.
 *
 * | name | key, bytes | iv | tag | associated data |
 * |---|---|---|---|---|
 * | `gcm(aes)` | 16, 24, 32 | 12 | 4, 8, 12 to 16 | any |
 * | `rfc4106(gcm(aes))` | 16, 24, 32, and 4 of salt | 8 | 8, 12, 16 | 8 or 12 |
 * | `rfc7539(chacha20,poly1305)` | 32 | 12 | 16 | any |
 * | `rfc7539esp(chacha20,poly1305)` | 32, and 4 of salt | 8 | 16 | any |
 *
 * The salt is the end of the key, and the begin of every nonce (RFC 4106 section 4, RFC 7634 section 2).
 *
 * The key schedule is done once for each CPU, not for each job.
 *
 * @throws TypeError, RangeError naming the argument, before anything else happens
 * @throws PadataError `ENOSYS` if there is no OpenSSL 3 in this process and none can be loaded: the message says what was
 *   tried; the remedy is to install the system's libssl3 package, or to use an official build of Node. `ENOENT` if that
 *   OpenSSL does not offer the cipher, as in FIPS mode
 */
export function aead(name: string, key: Uint8Array, options?: AeadOptions): Aead {
  checkName('name', name);
  checkBytes('key', key);
  checkOptions('options', options);
  const authSize = options?.authSize;
  if (authSize !== undefined) checkInteger('options.authSize', authSize, 0, 16);
  const made = native.aead(name, key, authSize);
  checkRefusal<AeadFunctions>(made, 'aead', {
    name: ['name', name],
    key: ['key', key],
    authSize: ['options.authSize', authSize],
  });

  const encrypt = makeNativeFunction<AeadRequest, Uint8Array>(
    made.encrypt,
    new AeadCodec(made, made.authSize, explainEncrypt),
  );
  const decrypt = makeNativeFunction<AeadRequest, Uint8Array>(
    made.decrypt,
    new AeadCodec(made, -made.authSize, explainDecrypt),
  );
  const free = (): void => {
    freeNativeFunction(encrypt);
    freeNativeFunction(decrypt);
  };
  return { name, ivSize: made.ivSize, authSize: made.authSize, encrypt, decrypt, free, [Symbol.dispose]: free };
}
