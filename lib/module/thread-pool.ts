/** libuv's thread pool comes from whoever needs it first, and inherits that thread's affinity: not from an isolate, then. */
import { access } from 'node:fs';

let isStarted = false;

/** Makes sure that it has come. To be called on an event loop that is not pinned by padata. */
export function startThreadPool(): void {
  if (isStarted) return;
  isStarted = true;
  access('/', () => {});
}
