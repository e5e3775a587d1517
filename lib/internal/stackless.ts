/**
 * Makes an error whose stack is its message alone. For what a job came to: the frames would only show the drain, which is the
 * same for every job, and to collect them takes longer than to decrypt a packet. So a flood of packets that fail costs
 * no more than one of packets that do not.
 */
export function stackless<E extends Error>(make: () => E): E {
  const limit = Error.stackTraceLimit;
  Reflect.set(Error, 'stackTraceLimit', 0); // where it cannot be set, as with frozen intrinsics, there are frames
  try {
    return make();
  } finally {
    Reflect.set(Error, 'stackTraceLimit', limit);
  }
}
