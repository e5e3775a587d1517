// How do I use padata by the names of the kernel's document of May 2020?
import { createHash } from 'node:crypto';
import {
  PADATA_CPU_PARALLEL,
  padata_alloc,
  padata_alloc_shell,
  padata_do_parallel,
  padata_free,
  padata_free_shell,
  padata_set_cpumask,
} from 'padata/kernel';
import { aead } from 'padata/pcrypt';

// The same job as in kernel-2.6.34.mjs, a little of what IPsec does: packets are encrypted in parallel, and leave in order.
const cipher = aead('rfc4106(gcm(aes))', Buffer.alloc(20, 'key'));

const pinst = padata_alloc('pencrypt');
const ps = pinst && padata_alloc_shell(pinst);
if (pinst === null || ps === null) throw new Error('no thread can be started');
padata_set_cpumask(pinst, PADATA_CPU_PARALLEL, '0-3'); // those of them that there are

/**
 * The larger structure, in which the job is embedded. Where the kernel finds it with container_of(), a job simply *is* that structure: parallel
 * and serial are two members of it.
 */
class Packet {
  parallel = cipher.encrypt;
  result = new Uint8Array();
  /** @type {Error | undefined} */
  error = undefined;

  /** @param {number} sequence */
  constructor(sequence) {
    this.sequence = sequence;
    const header = Buffer.alloc(8); // of ESP: SPI and sequence number
    header.writeUInt32BE(0x1001, 0);
    header.writeUInt32BE(sequence, 4);
    const iv = Buffer.alloc(8);
    iv.writeUInt32BE(sequence, 4);
    this.data = { iv, aad: header, data: Buffer.alloc(100 * sequence, 'payload') };
  }

  /** @param {Packet} padata it is `this` as well */
  serial(padata) {
    if (padata.error) throw padata.error;
    const digest = createHash('sha256').update(padata.result).digest('hex').slice(0, 8);
    console.log(`packet ${padata.sequence}: ${padata.result.length} bytes, ${digest}`);
  }
}

const cb_cpu = { value: 0 }; // updated to the CPU that was chosen
for (let sequence = 1; sequence <= 8; sequence++) {
  const err = padata_do_parallel(ps, new Packet(sequence), cb_cpu);
  if (err !== 0) throw new Error(`padata_do_parallel: ${err}`);
}

// Outstanding jobs are the caller's responsibility.
await ps.drain();
padata_free_shell(ps);
padata_free(pinst);
cipher.free();
