// How do I keep my own data with a job, without making objects for every packet?
import { Padata } from 'padata';
import { crc32 } from 'padata/functions';

const pd = new Padata('packets');
const shell = pd.createShell();

// As the kernel's struct padata_priv is embedded in a larger structure, a job is any object with parallel and serial.
class Packet {
  parallel = crc32;
  data = Buffer.alloc(64);
  result = 0; // set before serial() is called
  /** @type {Error | undefined} */
  error = undefined;
  number = 0;

  serial() {
    if (this.error === undefined) total = (total + this.result) >>> 0;
    if (next < 10_000) send(this); // an object is free again when its serial() is called
  }
}

let next = 0;
let total = 0;

/** @param {Packet} packet */
function send(packet) {
  packet.number = next++;
  packet.data.writeUInt32BE(packet.number); // copied by doParallel
  shell.doParallel(packet);
}

for (let i = 0; i < 64; i++) send(new Packet());
while (shell.pending !== 0) await shell.drain();
console.log(`10000 packets in 64 objects, total ${total.toString(16)}`);

await pd.close();
