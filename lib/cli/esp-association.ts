import { type EspOptions, esp, type SecurityAssociation } from '../pcrypt.js';
import { UsageError } from './command.js';
import type { EspArguments } from './esp-options.js';
import { readKeyFile } from './key-file.js';

/**
 * Errno names of inbound packets that are for somebody else, or for nobody: they are dropped, as a host does it, and
 * are no failure.
 */
export const dropReasons: ReadonlyMap<string, string> = new Map([
  ['EPROTONOSUPPORT', 'not-esp'],
  ['ESRCH', 'other-spi'],
  ['ESTALE', 'replay'],
  ['ENOMSG', 'dummy'],
]);

/** Addresses for documentation (RFC 5737), for a tunnel that leads nowhere. */
const DEFAULT_SOURCE = '192.0.2.1';
const DEFAULT_DESTINATION = '192.0.2.2';

/** Makes the security association. The key is wiped here; native memory has it then. */
export async function securityAssociation(args: EspArguments): Promise<SecurityAssociation> {
  const key = await readKeyFile(args.keyFile, (message) => process.stderr.write(`padata esp: warning: ${message}\n`));
  try {
    return esp(espOptions(args, key));
  } catch (error) {
    throw explained(error, args.keyFile);
  } finally {
    key.fill(0);
  }
}

/** The options of the library; what was not given is left to its defaults, but for the addresses of a tunnel. */
function espOptions(args: EspArguments, key: Uint8Array): EspOptions {
  const { source, destination } = args;
  const anywhere = args.direction === 'encrypt' && args.mode === 'tunnel' && !source && !destination;
  const given = {
    source: anywhere ? DEFAULT_SOURCE : source,
    destination: anywhere ? DEFAULT_DESTINATION : destination,
    authSize: args.authSize,
    replayWindow: args.replayWindow,
    initialSequence: args.sequence,
  };
  const { spi, mode, esn } = args;
  const algorithm = args.algorithm as NonNullable<EspOptions['algorithm']>;
  return { spi, key, mode, esn, algorithm, ...defined(given) };
}

/** The members that are not undefined. */
function defined<T extends object>(members: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as never;
}

/** What the library says of an option, said of the command's option; of the key, it is said of its file. */
function explained(error: unknown, keyFile: string): unknown {
  if (!(error instanceof TypeError || error instanceof RangeError)) return error;
  if (error.message.includes('"options.key')) return new Error(`key file ${keyFile}: ${error.message}`);
  const named = error.message.replace(/"options\.(\w+)"/, (_all, name: string) => `--${optionName(name)}`);
  return new UsageError(named);
}

/** The command's name for an option of the library. */
function optionName(name: string): string {
  if (name === 'initialSequence') return 'sequence';
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
