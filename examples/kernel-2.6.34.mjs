// How do I use padata by the names of its first document, of Linux 2.6.34?
import { createHash } from 'node:crypto';
import { cpus } from 'padata';
import {
  alloc_workqueue,
  destroy_workqueue,
  EINPROGRESS,
  padata_alloc,
  padata_do_parallel,
  padata_free,
  padata_start,
} from 'padata/kernel/2.6.34';
import { aead } from 'padata/pcrypt';

// The same job as in kernel-2020.mjs, a little of what IPsec does: packets are encrypted in parallel, and leave in order.
const cipher = aead('rfc4106(gcm(aes))', Buffer.alloc(20, 'key'));

const wq = alloc_workqueue('pencrypt');
const pinst = wq && padata_alloc(cpus.possible(), wq);
if (wq === null || pinst === null) throw new Error('no thread can be started');
padata_start(pinst); // without it, padata_do_parallel returns 0

/** @param {number} sequence */
function packetOf(sequence) {
  const header = Buffer.alloc(8); // of ESP: SPI and sequence number
  header.writeUInt32BE(0x1001, 0);
  header.writeUInt32BE(sequence, 4);
  const iv = Buffer.alloc(8);
  iv.writeUInt32BE(sequence, 4);
  const data = { iv, aad: header, data: Buffer.alloc(100 * sequence, 'payload') };
  // The larger structure, with the job as one of its members: the functions reach what is around them as any function of JavaScript does.
  const packet = {
    sequence,
    padata: {
      parallel: cipher.encrypt,
      data,
      /** @param {{ result: Uint8Array, error?: Error }} padata */
      serial({ result, error }) {
        if (error) throw error;
        const digest = createHash('sha256').update(result).digest('hex').slice(0, 8);
        console.log(`packet ${packet.sequence}: ${result.length} bytes, ${digest}`);
      },
    },
  };
  return packet;
}

const cb_cpu = pinst.usable.first() ?? 0; // it must be in the mask
for (let sequence = 1; sequence <= 8; sequence++) {
  const err = padata_do_parallel(pinst, packetOf(sequence).padata, cb_cpu);
  if (err !== -EINPROGRESS) throw new Error(`padata_do_parallel: ${err}`);
}

padata_free(pinst); // waits until the remaining packets are through
destroy_workqueue(wq);
cipher.free();
