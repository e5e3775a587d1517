import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stackless } from '../../dist/internal/stackless.js';

const root = join(import.meta.dirname, '../..');

describe('stackless()', () => {
  it('gives an error without frames, and leaves those of others alone', () => {
    const limit = Error.stackTraceLimit;
    expect(stackless(() => new RangeError('no frames')).stack).toBe('RangeError: no frames');
    expect(Error.stackTraceLimit).toBe(limit);
    expect(new Error('frames').stack).toContain('internal-stackless.test');
  });

  it('also if it is not made', () => {
    const limit = Error.stackTraceLimit;
    const fail = () => {
      throw new Error('instead');
    };
    expect(() => stackless(fail)).toThrow('instead');
    expect(Error.stackTraceLimit).toBe(limit);
  });

  it('where the limit cannot be set, the error has frames, and a job its error', () => {
    const script = `const { Padata } = require('padata');
      const { aead } = require('padata/pcrypt');
      const pd = new Padata('frozen');
      const cipher = aead('gcm(aes)', Buffer.alloc(32));
      const opened = pd.createShell().run(cipher.decrypt, { iv: Buffer.alloc(12), data: Buffer.alloc(40) });
      opened.catch((error) => console.log(error.code)).then(() => pd.close());`;
    const argv = ['--no-warnings', '--frozen-intrinsics', '-e', script];
    expect(execFileSync(process.execPath, argv, { cwd: root, timeout: 60_000 }).toString()).toBe('EBADMSG\n');
  });
});
