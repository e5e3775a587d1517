/** The channels of node:diagnostics_channel that tell of isolates and of what runs in them; see internal/diagnostics.ts for the others. */
import diagnostics from 'node:diagnostics_channel';

export const channels = {
  start: diagnostics.channel('padata:start'),
  finish: diagnostics.channel('padata:finish'),
  isolateStart: diagnostics.channel('padata:isolate:start'),
  isolateExit: diagnostics.channel('padata:isolate:exit'),
};
