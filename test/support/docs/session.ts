/** A section's `console` blocks: each is a terminal of its own, and what runs on in one is seen in the next. */
import type { Block } from './blocks.js';
import type { Places } from './places.js';
import { comparable, containsInOrder } from './placeholders.js';
import type { Sandbox } from './sandbox.js';
import { Terminal } from './terminal.js';

interface Step {
  readonly command: string;
  readonly line: number;
  /** What the document shows up to `^C`, and after it; null: the command ends by itself. */
  readonly before: string;
  readonly after: string | null;
}

/** Commands stand behind `$ `; what follows is their output; `^C` at the start of a line is the key. */
function stepsOf(block: Block): readonly Step[] {
  const steps: { command: string; line: number; output: string }[] = [];
  for (const [index, line] of block.text.trimEnd().split('\n').entries()) {
    const last = steps.at(-1);
    if (line.startsWith('$ '))
      steps.push({ command: line.slice(2), line: block.line + 1 + index, output: '' });
    else if (last === undefined)
      throw new Error(`${block.file}:${block.line}: a console block begins with "$ "`);
    else last.output += `${line}\n`;
  }
  return steps.map(({ command, line, output }) => {
    const cut = /^\^C/m.exec(output)?.index;
    const [before, after] = cut === undefined ? [output, null] : [output.slice(0, cut), output.slice(cut)];
    return { command, line, before, after };
  });
}

interface Running {
  readonly step: Step;
  readonly terminal: Terminal;
}

export class Session {
  readonly #sandbox: Sandbox;
  readonly #places: Places;
  readonly #running: Running[] = [];

  constructor(sandbox: Sandbox, places: Places) {
    this.#sandbox = sandbox;
    this.#places = places;
  }

  /** Runs the commands in order; one that is ended by Ctrl-C goes on until `close`. */
  async run(block: Block): Promise<void> {
    for (const step of stepsOf(block)) {
      const terminal = new Terminal(this.#sandbox, this.#places.toReal(step.command));
      if (step.after === null) {
        await terminal.until(() => terminal.ended);
        this.#compare(terminal, step, step.before);
      } else {
        this.#running.push({ step, terminal });
        const first = comparable(step.before).slice(0, 1);
        await terminal.until(() => containsInOrder(this.#shown(terminal), first));
      }
    }
  }

  /** Presses Ctrl-C in every terminal that still runs, in the order of their start, and compares what they showed. */
  async close(): Promise<void> {
    for (const { step, terminal } of this.#running.splice(0)) {
      const before = comparable(step.before);
      await terminal.until(() => containsInOrder(this.#shown(terminal), before));
      terminal.interrupt();
      await terminal.until(() => terminal.ended);
      this.#compare(terminal, step, step.before + (step.after ?? ''));
    }
  }

  kill(): void {
    for (const { terminal } of this.#running) terminal.kill();
  }

  #shown(terminal: Terminal): readonly string[] {
    return comparable(this.#places.toDocument(terminal.output));
  }

  #compare(terminal: Terminal, step: Step, expected: string): void {
    const shown = this.#shown(terminal);
    const wanted = comparable(expected);
    const same =
      step.after === null ? shown.join('\n') === wanted.join('\n') : containsInOrder(shown, wanted);
    if (terminal.ended && same) return;
    terminal.kill();
    throw new Error(
      `line ${step.line}: $ ${step.command}\n--- documented\n${wanted.join('\n')}\n--- shown${terminal.ended ? '' : ' (did not end)'}\n${shown.join('\n')}`,
    );
  }
}
