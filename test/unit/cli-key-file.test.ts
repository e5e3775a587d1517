import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readKeyFile } from '../../dist/cli/key-file.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'padata-key-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Writes a key file and reads it; the warnings are gathered. */
async function read(content: string | Uint8Array, mode = 0o600) {
  const path = join(folder, 'key');
  await rm(path, { force: true });
  await writeFile(path, content);
  await chmod(path, mode);
  const warnings: string[] = [];
  const key = await readKeyFile(path, (message) => warnings.push(message));
  return { key: key.toString('hex'), warnings, path };
}

describe('a key file', () => {
  it.each([
    ['hexadecimal', '00112233aabbccDD'],
    ['with a line end', '00112233aabbccDD\n'],
    ['with 0x', '0x00112233aabbccdd\n'],
    ['with colons', '00:11:22:33:aa:bb:cc:dd'],
    ['with blanks and lines', '  0011 2233\n\taabb ccdd \r\n'],
  ])('may be text: %s', async (_name, text) => {
    expect(await read(text)).toMatchObject({ key: '00112233aabbccdd', warnings: [] });
  });

  it.each([
    ['bytes', Buffer.from('00ff10203040', 'hex')],
    ['bytes that are text, but no digits', Buffer.from('a passphrase is no key, but has bytes')],
    ['bytes with digits and one that is none', Buffer.from('00112233\0')],
    ['bytes that end as a line does', Buffer.from('80810a', 'hex')],
  ])('may be raw: %s', async (_name, bytes) => {
    expect(await read(bytes)).toMatchObject({ key: bytes.toString('hex') });
  });

  it('with an odd number of digits is refused', async () => {
    await expect(read('00112')).rejects.toThrow(/odd number of hexadecimal digits \(5\)/);
  });

  it('that is empty or far too long is refused', async () => {
    await expect(read('')).rejects.toThrow(/is empty/);
    await expect(read(Buffer.alloc(1025, 200))).rejects.toThrow(/1025 bytes/);
  });

  it('that is missing or a directory is refused', async () => {
    await expect(readKeyFile(join(folder, 'none'), () => {})).rejects.toThrow(/ENOENT.*none/);
    await expect(readKeyFile(folder, () => {})).rejects.toThrow(/EISDIR/);
  });

  it.each([0o644, 0o640, 0o604])('that others can read (%o) is read, with a warning', async (mode) => {
    const { key, warnings, path } = await read('0011', mode);
    expect(key).toBe('0011');
    expect(warnings).toEqual([
      expect.stringContaining(`${path} can be read by other users (mode 0${mode.toString(8)})`),
    ]);
  });
});
