/** What differs between two runs of the same command: times, ids, revisions. Replaced in the document and in the output. */
const varying: readonly (readonly [pattern: RegExp, placeholder: string])[] = [
  [/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, '<run>'],
  [/\b[0-9a-f]{16}\b/g, '<lease>'],
  [/\b\d{4}-\d{2}-\d{2}T[\d:.]+Z/g, '<at>'],
  [/\b\d{2}:\d{2}:\d{2}\b/g, '<clock>'],
  [/\brev \d+/g, 'rev <n>'],
  [/"(?:takenAt|at|started|registeredAt)":\s*"[^"]*"/g, '<time>'],
  [/"revision":\s*"\d+"/g, '<revision>'],
  [/"idDecimal":\s*"\d+"/g, '<decimal>'],
  [/kept by \S+, pid \d+/g, 'kept by <process>'],
  // `26s/30s` keeps what was granted; a duration may have two parts: 3m 1s.
  [/\b\d+(?:\.\d+)?(?:ms|[smh])(?:\s?\d+(?:\.\d+)?(?:ms|[sm]))*(?![\w])(?!\/)/g, '<span>'],
  [/<span>\/|\b\d+(?:\.\d+)?s\//g, '<left>/'],
];

const terminalNoise = /\x1b\[[\d;?]*[A-Za-z]/g;

/** Lines without what varies; runs of blanks count as one, because the width of a column follows its values. */
export function comparable(text: string): readonly string[] {
  let out = text.replaceAll('\r\n', '\n').replaceAll('^C', '');
  // A status line is painted over: only what follows the last carriage return stays on the screen.
  out = out.replace(/^.*\r/gm, '').replace(terminalNoise, '');
  for (const [pattern, placeholder] of varying) out = out.replace(pattern, placeholder);
  return out
    .split('\n')
    .map((line) => line.replace(/\s+/g, ' ').trim())
    .filter((line) => line !== '');
}

/** Whether `expected` stands in `actual` in this order; other lines may stand between and after. */
export function containsInOrder(actual: readonly string[], expected: readonly string[]): boolean {
  let next = 0;
  for (const line of actual) if (next < expected.length && line === expected[next]) next += 1;
  return next === expected.length;
}
