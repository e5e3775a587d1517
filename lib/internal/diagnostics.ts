/**
 * The channels of node:diagnostics_channel that tell of jobs. Those of isolates, and of what runs in them, are in module/isolate-pool.ts. A channel that
 * nobody listens to costs the look whether somebody does.
 */
import diagnostics from 'node:diagnostics_channel';
import type { Job } from '../job.js';
import { now } from '../module/clock.js';

/** What `padata:submit` and `padata:serialize` tell of a job. */
export interface JobEvent {
  /** The name of the instance. */
  instance: string;
  /** A number for the shell, unique among those of this event loop that live. */
  shell: number;
  /** The job's position in the order of its shell, from 0 on, modulo 2^32. */
  seqNr: number;
  /** The CPU on which serial() is to run. */
  cbCpu: number;
  /** Milliseconds of CLOCK_MONOTONIC. */
  at: number;
  job: Job;
}

/** A job of whatever kind was accepted. */
export const submitChannel = diagnostics.channel('padata:submit');
/** It is its turn: what it came to is known, and a serial() that is a closure is called next; any other has returned. */
export const serializeChannel = diagnostics.channel('padata:serialize');

export function tell(
  channel: diagnostics.Channel,
  instance: string,
  shell: number,
  seqNr: number,
  cbCpu: number,
  job: Job,
): void {
  const event: JobEvent = { instance, shell, seqNr: seqNr >>> 0, cbCpu, at: now(), job };
  channel.publish(event);
}
