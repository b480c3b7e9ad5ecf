/** A home with an embedded registry, and contexts that lead to it: `plain`, `prod` (protected), `archive` (read-only). */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Binary, type BinaryOptions, type Exit, runBinary } from './binary.js';
import { type FolderEntry, writeRegistry } from './registry-folder.js';
import { makeTempDir } from './servers/lifetime.js';
import { Terminal } from './terminal.js';

/** An entry at a port of its own, kept by a lease of two hours. */
export function anEntry(service: string, id: string, more: Partial<FolderEntry> = {}): FolderEntry {
  const port = 8_000 + Buffer.from(`${service}/${id}`).reduce((sum, byte) => sum + byte, 0);
  return { service, id, value: { endpoints: [`http://10.0.4.11:${port}`] }, ...more };
}

/** Whether an entry comes back is a question of its own. */
const atOnce = ['--verify', '0'];

export class RemovalHome {
  readonly home = makeTempDir('removal');
  readonly registry = path.join(this.home, 'state', 'sdctl', 'registry');
  readonly audit = path.join(this.home, 'state', 'sdctl', 'audit.jsonl');

  constructor(entries: readonly FolderEntry[]) {
    this.write(entries);
    const config = path.join(this.home, 'config', 'sdctl');
    mkdirSync(config, { recursive: true });
    const context = `backend: local, directory: ${this.registry}`;
    writeFileSync(
      path.join(config, 'config.yaml'),
      `currentContext: plain\ncontexts:\n  plain: {${context}}\n  prod: {${context}, protected: true}\n  archive: {${context}, readOnly: true}\n`,
    );
  }

  write(entries: readonly FolderEntry[]): void {
    writeRegistry(this.registry, entries);
  }

  /** Where an entry of a plain name lies. */
  fileOf(name: string): string {
    return path.join(this.registry, 'services', `${name}.json`);
  }

  has(name: string): boolean {
    return existsSync(this.fileOf(name));
  }

  /** Those of `names` that are there. */
  left(...names: readonly string[]): readonly string[] {
    return names.filter((name) => this.has(name));
  }

  at(name: string): string {
    return path.join(this.home, name);
  }

  /** `deregister` in a script. */
  async run(
    args: readonly string[],
    options: Omit<BinaryOptions, 'home'> & { readonly withinMs?: number } = {},
  ): Promise<Binary & { readonly ended: Exit }> {
    const isOwn = args.includes('--undo') || args.includes('--verify');
    return runBinary(['deregister', ...(isOwn ? [] : atOnce), ...args], { ...options, home: this.home });
  }

  /** `deregister` at a terminal. */
  terminal(args: readonly string[], env: Readonly<Record<string, string>> = {}): Terminal {
    return new Terminal(['deregister', ...atOnce, ...args], { home: this.home, env });
  }

  /** Types `keys` once `prompt` is shown. */
  async answer(
    args: readonly string[],
    prompt: string,
    keys: string,
  ): Promise<{ readonly code: number | null; readonly screen: string }> {
    await using terminal = this.terminal(args);
    await terminal.shows(prompt);
    terminal.type(keys);
    const code = await terminal.exit();
    return { code, screen: terminal.screen };
  }

  /** The lines of the audit log. */
  audited(): readonly Readonly<Record<string, unknown>>[] {
    if (!existsSync(this.audit)) return [];
    const lines = readFileSync(this.audit, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
  }
}
