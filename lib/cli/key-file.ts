import { open } from 'node:fs/promises';

/** More than any key has, even as text with a separator behind each byte. */
const MAX_KEY_FILE = 1024;

/**
 * Reads a key file: hexadecimal text (blanks, colons and line ends between the digits and `0x` in front are allowed) or, if
 * the file is anything else, the raw bytes of the key. Its length is for the algorithm to check.
 *
 * @param warn is told if users other than the owner can read the file
 * @returns the key, with its salt where the algorithm has one; the caller wipes it with `fill(0)` after use
 */
export async function readKeyFile(path: string, warn: (message: string) => void): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { mode } = await file.stat();
    if (mode & 0o044) {
      const octal = (mode & 0o777).toString(8).padStart(4, '0');
      warn(`key file ${path} can be read by other users (mode ${octal}); chmod 600 ${path}`);
    }
    const content = await file.readFile();
    if (content.length === 0) throw new Error(`key file ${path} is empty`);
    if (content.length > MAX_KEY_FILE) {
      throw new Error(`key file ${path} is no key: it has ${content.length} bytes, more than ${MAX_KEY_FILE}`);
    }
    return decode(path, content);
  } finally {
    await file.close();
  }
}

/** Hexadecimal text as bytes, anything else as it is. */
function decode(path: string, content: Buffer): Buffer {
  const text = content.toString('latin1').trim();
  if (!/^(0x)?[0-9a-f]+([\s:]*[0-9a-f]+)*$/i.test(text)) return content;
  content.fill(0);
  const digits = text.replace(/^0x|[\s:]/gi, '');
  if (digits.length % 2 !== 0) {
    throw new Error(`key file ${path} has an odd number of hexadecimal digits (${digits.length})`);
  }
  return Buffer.from(digits, 'hex');
}
