/** The fenced blocks of a Markdown file. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder of the project, without a trailing separator. */
export const projectRoot = path.dirname(
  path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url)))),
);

export interface Block {
  /** Below the project's folder, with `/`. */
  readonly file: string;
  /** Line of the opening fence, from 1. */
  readonly line: number;
  /** The word after the fence: `sh`, `console`, … */
  readonly kind: string;
  /** The nearest heading above. */
  readonly heading: string;
  readonly text: string;
}

/** Every fenced block, indented ones included, in the order of the file. */
export function blocksOf(file: string): readonly Block[] {
  const blocks: Block[] = [];
  let heading = '';
  let open: {
    readonly line: number;
    readonly fence: string;
    readonly kind: string;
    readonly lines: string[];
  } | null = null;
  for (const [index, line] of readDocument(file).split('\n').entries()) {
    const fence = /^\s*(`{3,}|~{3,})\s*(.*)$/.exec(line);
    if (open !== null) {
      if (fence?.[1] === open.fence && fence[2] === '') {
        blocks.push({ file, line: open.line, kind: open.kind, heading, text: `${open.lines.join('\n')}\n` });
        open = null;
      } else open.lines.push(line);
    } else if (fence !== null) {
      open = { line: index + 1, fence: fence[1] ?? '', kind: fence[2] ?? '', lines: [] };
    } else heading = /^#+ (.*)$/.exec(line)?.[1] ?? heading;
  }
  if (open !== null) throw new Error(`${file}:${open.line}: the block is not closed`);
  return blocks;
}

export function readDocument(file: string): string {
  return readFileSync(path.join(projectRoot, file), 'utf8');
}
