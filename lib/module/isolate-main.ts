/** What a worker of an isolate pool runs. */
import { isMainThread, parentPort, receiveMessageOnPort } from 'node:worker_threads';
import { IsolateLoop } from './isolate-loop.js';
import type { Boot } from './messages.js';

if (!isMainThread && parentPort !== null) {
  // The pool has posted it before this worker ran. parentPort itself is left to the modules.
  const boot = receiveMessageOnPort(parentPort)?.message as Boot | undefined;
  if (boot !== undefined) new IsolateLoop(boot);
}
