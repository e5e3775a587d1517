/** Control files in a folder of the test's own, without an instance behind them. */
import { lstatSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CpuMask, type CpuStats, type PadataError } from 'padata';
import { onTestFinished } from 'vitest';
import { claim } from '../../dist/control/claim.js';
import { ControlFiles, type ControlSettings, type ControlTarget } from '../../dist/control/control-files.js';

type MaskType = 'parallel' | 'serial';

/** A folder for one test. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'padata-control-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** What stands for the instance: takes every mask, unless told otherwise. */
export class Target implements ControlTarget {
  cpumask = { parallel: CpuMask.parse('f'), serial: CpuMask.parse('f') };
  cpuStats: CpuStats[] = [];
  readonly errors: PadataError[] = [];
  /** Every mask that was set, as a list, in order. */
  readonly stores: string[] = [];
  refusal: Error | undefined;

  setCpumask(type: MaskType, mask: CpuMask): void {
    if (this.refusal) throw this.refusal;
    this.cpumask = { ...this.cpumask, [type]: mask };
    this.stores.push(mask.toList());
  }

  tell(error: PadataError): void {
    this.errors.push(error);
  }
}

/** Control files that look only when they are told to, unless the settings say otherwise. */
export function controlFiles(settings: ControlSettings = {}, target = new Target()) {
  const parent = folder();
  const defaults = { nrCpus: 8, pollMs: 0, watches: false, graceMs: 1e9 };
  const files = new ControlFiles(() => claim(parent, 'test'), target, { ...defaults, ...settings });
  onTestFinished(() => files.close());
  const path = (name: string) => join(files.directory, name);
  const read = (name: string) => readFileSync(path(name), 'latin1');
  const inode = (name: string) => lstatSync(path(name)).ino;
  return { parent, files, target, path, read, inode };
}
