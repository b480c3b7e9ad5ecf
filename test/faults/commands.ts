/** The long-running commands of the fault rows, through the built program. */
import { type Binary, type BinaryOptions, type JsonLine, startBinary } from '../support/binary.js';

export interface RegisterOptions extends BinaryOptions {
  readonly id?: string;
  readonly more?: readonly string[];
}

/** `register` for supervisors, waited for until it is registered. */
export async function registering(
  flags: readonly string[],
  service: string,
  ttlSeconds: number,
  { id = 'one', more = [], ...options }: RegisterOptions = {},
): Promise<Binary> {
  const binary = startRegister(flags, service, ttlSeconds, { id, more, ...options });
  await binary.line('registered', 15_000);
  return binary;
}

export function startRegister(
  flags: readonly string[],
  service: string,
  ttlSeconds: number,
  { id = 'one', more = [], ...options }: RegisterOptions = {},
): Binary {
  const own = ['--endpoint', 'http://10.0.0.1:8080', '--id', id, '--ttl', `${ttlSeconds}s`, '-o', 'jsonl'];
  return startBinary(['register', service, ...flags, ...own, ...more], options);
}

/** `watch` of a service or, with null, of all; waited for until it has read the first set. */
export async function watching(
  flags: readonly string[],
  service: string | null,
  more: readonly string[] = [],
  options: BinaryOptions = {},
): Promise<Binary> {
  const binary = startBinary(
    ['watch', ...(service === null ? [] : [service]), ...flags, '-o', 'jsonl', ...more],
    options,
  );
  await binary.line('synced', 15_000);
  return binary;
}

/** The entry is there again: renewed after trouble, or announced anew. */
export function isBack(line: JsonLine): boolean {
  return line.type === 'restored' || (line.type === 'renewed' && line['afterLate'] === true);
}
