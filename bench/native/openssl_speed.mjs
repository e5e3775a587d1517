/**
 * `openssl speed` for AES-256-GCM as one JSON line: node openssl_speed.mjs --sizes JSON --threads N. The libcrypto is the system's, and not
 * the one of node. It encrypts one hot buffer, and each size takes a second, so only some sizes are asked for.
 */
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const asked = ['p1420', 'p9000'];
const { values } = parseArgs({
  options: { sizes: { type: 'string', default: '{}' }, threads: { type: 'string', default: '1' } },
});

/** Packets a second. @param {number} size */
function speed(size) {
  const args = ['speed', '-mr', '-seconds', '1', '-bytes', `${size}`, '-multi', values.threads, '-evp', 'aes-256-gcm'];
  const output = execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  // The last field of the summary is bytes a second, over all processes.
  const bytes = Number(/^\+F:\d+:AES-256-GCM:([\d.]+)$/im.exec(output)?.[1]);
  if (!(bytes > 0)) throw new Error('openssl speed printed no summary');
  return bytes / size;
}

function measure() {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
  } catch {
    return { leftOut: 'there is no command openssl' };
  }
  /** @type {[string, number[]][]} */
  const all = Object.entries(JSON.parse(values.sizes));
  return Object.fromEntries(
    all.filter(([metric]) => asked.includes(metric)).map(([metric, [size]]) => [metric, speed(size)]),
  );
}

console.log(JSON.stringify(measure()));
