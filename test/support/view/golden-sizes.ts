/** Goldens of one screen at all sizes, in one file. */
import { expectGoldenText, isUpdating, readGolden } from './golden.js';
import { pictureOf } from './picture.js';
import type { ScriptedView } from './scripted-view.js';
import { resize, sizes, type Check, type Size } from './steps.js';
import { lookAgain } from './tour.js';

const BETWEEN = '\n\f\n';
/** A picture that comes late still counts. */
const WITHIN_MS = 3_000;

/** @param check what each of the pictures shows, beside what the golden says */
export async function expectGoldens(
  name: string,
  view: ScriptedView,
  { check, sizes: these = sizes }: { readonly check?: Check; readonly sizes?: readonly Size[] } = {},
): Promise<void> {
  const goldens = readGolden(name)?.split(BETWEEN) ?? [];
  const pictures: string[] = [];
  for (const [index, size] of these.entries()) {
    await resize(view, size);
    if (check !== undefined) await view.terminal.until(check, WITHIN_MS);
    // Other rows are visible now, and are asked about.
    await lookAgain(view);
    const golden = isUpdating ? undefined : goldens[index];
    if (golden === undefined) await view.painted();
    else
      await view.terminal
        .until((terminal) => pictureOf(terminal) === golden, WITHIN_MS)
        // The comparison below says it better.
        .catch(() => undefined);
    pictures.push(pictureOf(view.terminal));
  }
  expectGoldenText(name, pictures.join(BETWEEN));
}
