// How do I start asynchronous work whose results are taken in the order in which it was started?
import { setTimeout as sleep } from 'node:timers/promises';
import { Padata } from 'padata';

const pd = new Padata('closures');
const shell = pd.createShell();

class Download {
  /** @param {string} name @param {number} milliseconds */
  constructor(name, milliseconds) {
    this.name = name;
    this.milliseconds = milliseconds;
  }

  // Starts the work and returns; doSerial may come at any time, in any order.
  parallel() {
    sleep(this.milliseconds).then(() => {
      console.log(`finished   ${this.name}`);
      shell.doSerial(this);
    });
  }

  // Called in the order of submission.
  serial() {
    console.log(`delivered  ${this.name}`);
  }
}

shell.doParallel(new Download('first, slow', 60));
shell.doParallel(new Download('second, fast', 10));
shell.doParallel(new Download('third, in between', 30));
await shell.drain();

await pd.close();
