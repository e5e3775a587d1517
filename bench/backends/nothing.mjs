/** An event loop with no jobs at all: what the machine itself makes of the measurement. @type {import('../lib/types.mjs').OpenBackend} */
export async function open() {
  return { ordered: true };
}
