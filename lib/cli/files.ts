/** The two ends of a run: where a capture comes from and where it goes. `-` is standard input or output. */
import { fstatSync } from 'node:fs';
import { open, realpath, rename, rm, stat } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { UsageError } from './command.js';

/** Bytes that a file is read in, and that may wait to be written. */
const FILE_CHUNK = 1024 * 1024;

/** An opened input. */
export interface Input {
  stream: Readable;
  /** Its size in bytes; undefined for a pipe or a device. */
  size: number | undefined;
}

/** Opens a capture to read. */
export async function openInput(path: string): Promise<Input> {
  if (path === '-') {
    if (process.stdin.isTTY) throw new UsageError('standard input is a terminal; give a file or pipe a capture in');
    const info = fstatSync(0);
    return { stream: watched(process.stdin), size: info.isFile() ? info.size : undefined };
  }
  const file = await open(path, 'r');
  const info = await file.stat();
  if (info.isDirectory()) {
    await file.close();
    throw new UsageError(`${path} is a directory`);
  }
  const stream = watched(file.createReadStream({ highWaterMark: FILE_CHUNK }));
  return { stream, size: info.isFile() ? info.size : undefined };
}

/**
 * An opened output. A regular file is written beside its place, as `PATH.PID.part`, and takes its place when it is
 * whole: who finds PATH finds all of it. Pipes and devices are written as they are.
 */
export interface Output {
  stream: Writable;
  /** All was written: the file takes its place. */
  commit(): Promise<void>;
  /**
   * Not all was written, but what was written is kept.
   *
   * @returns where it is; undefined if there is no such file, as for a pipe
   */
  keep(): Promise<string | undefined>;
  /** Nothing was written that is worth keeping. */
  discard(): Promise<void>;
}

/** Opens a capture to write. */
export async function openOutput(path: string): Promise<Output> {
  if (path === '-') return standardOutput();
  const info = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (info?.isDirectory()) throw new UsageError(`${path} is a directory`);
  if (info && !info.isFile()) return openSpecial(path);
  // A symbolic link stays one: the file that it names is replaced.
  const place = info ? await realpath(path) : path;
  const part = `${place}.${process.pid}.part`;
  const file = await open(part, 'wx');
  const stream = watched(file.createWriteStream({ highWaterMark: FILE_CHUNK }));
  return {
    stream,
    async commit() {
      await end(stream);
      await rename(part, place);
    },
    async keep() {
      await end(stream).catch(() => {});
      return part;
    },
    async discard() {
      await end(stream).catch(() => {});
      await rm(part, { force: true });
    },
  };
}

function standardOutput(): Output {
  if (process.stdout.isTTY) throw new UsageError('standard output is a terminal; give a file or pipe the capture on');
  return inPlace(watched(process.stdout), flushed);
}

/** A device or a named pipe. */
async function openSpecial(path: string): Promise<Output> {
  const file = await open(path, 'w');
  return inPlace(watched(file.createWriteStream({ highWaterMark: FILE_CHUNK })), end);
}

/** An output where nothing can be taken back. */
function inPlace(stream: Writable, finish: (stream: Writable) => Promise<void>): Output {
  const leave = () => finish(stream).catch(() => undefined);
  return { stream, commit: () => finish(stream), keep: () => leave().then(() => undefined), discard: () => leave() };
}

/** A stream whose errors end no process: who reads it gets them, who writes to it asks for them (PcapWriter.ready). */
function watched<T extends Readable | Writable>(stream: T): T {
  stream.on('error', () => {});
  return stream;
}

/** Ends a stream, and settles when all is written. */
async function end(stream: Writable): Promise<void> {
  const done = finished(stream);
  stream.end();
  await done;
}

/** Standard output is not ours to end: settles when all is written. */
function flushed(stream: Writable): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write('', (error) => (error ? reject(error) : resolve()));
  });
}
