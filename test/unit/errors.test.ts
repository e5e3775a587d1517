import { constants } from 'node:os';
import { PadataError } from 'padata';
import { describe, expect, it } from 'vitest';
import { wrong } from '../support/padata.js';

describe('PadataError', () => {
  it('has the shape of Node’s system errors', () => {
    const error = new PadataError('EBUSY', 'doParallel');
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'PadataError',
      code: 'EBUSY',
      errno: -constants.errno.EBUSY,
      syscall: 'doParallel',
    });
    expect(error.message).toBe('EBUSY: resource busy or locked, doParallel');
    expect(error.stack).toMatch(/^PadataError: EBUSY|^Error: EBUSY/);
  });

  it('says what was found instead, if it is told', () => {
    expect(new PadataError('EINVAL', 'padata_free', 'it is gone').message).toBe('EINVAL: it is gone, padata_free');
  });

  it('knows every errno of this system, those that libuv does not know included', () => {
    for (const [name, number] of Object.entries(constants.errno)) {
      const error = PadataError.fromErrno(-number, 'x');
      expect((constants.errno as Record<string, number>)[error.code], name).toBe(number);
      expect(error.errno).toBe(-number);
    }
    expect(PadataError.fromErrno(-constants.errno.EBADMSG, 'x').code).toBe('EBADMSG');
  });

  it('gives the number where libuv has no text', () => {
    const { EIDRM } = constants.errno;
    expect(PadataError.fromErrno(-EIDRM, 'x').message).toBe(`EIDRM: errno ${EIDRM}, x`);
  });

  it('takes EIO for what this system has no name for', () => {
    for (const errno of [-100_000, 1, 0]) expect(PadataError.fromErrno(errno, wrong('x')).code).toBe('EIO');
  });

  it('calls an errno by the name that the documents use', () => {
    const codes = ['EAGAIN', 'EINVAL', 'EOPNOTSUPP', 'EOVERFLOW'] as const;
    expect(codes.map((code) => PadataError.fromErrno(-constants.errno[code], 'x').code)).toEqual(codes);
  });
});
