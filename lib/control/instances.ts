/** The instances of this user that have control files, found from outside. */
import { readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { CpuMask } from '../cpumask.js';
import { isAlive, readOwner } from './owner.js';
import { placesToLook } from './place.js';
import { ifThere, isOurDirectory, readSmall } from './safe-file.js';

/** One instance, by its control directory. */
export interface Instance {
  pid: number;
  name: string;
  directory: string;
}

/** All living ones in the user's places, or in one directory, by pid and name. */
export function listInstances(directory?: string): Instance[] {
  const parents = directory === undefined ? placesToLook().flatMap(processDirectories) : [resolve(directory)];
  const found = parents.flatMap(entries).flatMap(instanceAt);
  return found.sort((a, b) => a.pid - b.pid || (a.name < b.name ? -1 : Number(a.name > b.name)));
}

/** The user-supplied mask that a control file shows; undefined while somebody writes it, or if it is just coming or going. */
export function readMask(instance: Instance, type: 'parallel' | 'serial'): CpuMask | undefined {
  const text = readSmall(maskPath(instance, type));
  if (!text) return undefined;
  try {
    return CpuMask.parse(text);
  } catch {
    return undefined; // it will be refused, and put back
  }
}

export function maskPath({ directory }: Instance, type: 'parallel' | 'serial'): string {
  return join(directory, `${type}_cpumask`);
}

function processDirectories(place: string): string[] {
  if (!isOurDirectory(place)) return [];
  return entries(place).filter((path) => /^\d+$/.test(basename(path)) && isOurDirectory(path));
}

function entries(directory: string): string[] {
  return (ifThere(() => readdirSync(directory)) ?? []).map((name) => join(directory, name));
}

function instanceAt(directory: string): Instance[] {
  const name = basename(directory);
  if (name.startsWith('.') || !isOurDirectory(directory)) return [];
  const owner = readOwner(directory);
  if (owner === undefined || !isAlive(directory, owner)) return [];
  return [{ pid: owner.pid, name, directory }];
}
