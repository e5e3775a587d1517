/** Data that lies beside the repository, not in it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.env.PADATA_SHARED ?? join(import.meta.dirname, '../../../shared');

/** The path of a shared file, or undefined if it is not there; then a test says what it skips. */
export function sharedFile(name: string): string | undefined {
  const path = join(folder, name);
  if (existsSync(path)) return path;
  console.warn(`skipped: ${name} is not in ../shared`);
  return undefined;
}
