/** What a multithreaded job comes to, if not all of its units are done. */
import { PadataError } from '../errors.js';
import { asError } from './as-error.js';

/**
 * @param errors in the order in which they came
 * @param isWhole all units are done
 * @returns the error that the call ends with, if any
 */
export function errorOf(errors: Error[], isWhole: boolean, signal: AbortSignal | undefined): Error | undefined {
  if (errors.length > 1) return new AggregateError(errors, `${errors.length} chunks failed: ${errors[0]?.message}`);
  if (errors.length === 1) return errors[0];
  if (isWhole) return undefined;
  if (signal?.aborted) return asError(signal.reason, 'aborted with');
  return new PadataError('ECANCELED', 'padata_do_multithreaded', 'the instance was closed while no CPU was usable');
}
