/** Cells of a terminal that a text takes. */
export type Measure = (text: string) => number;

// ASCII, Latin letters and the glyphs sdctl draws: one cell and one UTF-16 unit each.
const NARROW = /^[\x20-\x7e\xa1-\xac\xae-\u02ff●▲✖◼◌○…→│]*$/;

/** Whether the width of the text is its length. */
export function isNarrow(text: string): boolean {
  return NARROW.test(text);
}

/** A measure that is exact for the given texts. Loads the Unicode width tables only if one of them needs it. */
export async function loadMeasure(texts: Iterable<string>): Promise<Measure> {
  for (const text of texts) {
    if (isNarrow(text)) continue;
    const { default: stringWidth } = await import('string-width');
    return (value) => (isNarrow(value) ? value.length : stringWidth(value));
  }
  return (value) => value.length;
}

/** Cuts to at most `width` cells, the ellipsis included; in the middle the end of the text stays visible. */
export function cutText(
  text: string,
  width: number,
  where: 'end' | 'middle',
  ellipsis: string,
  measure: Measure,
): string {
  if (measure(text) <= width) return text;
  if (width <= ellipsis.length) return ellipsis.slice(0, Math.max(0, width));
  const room = width - ellipsis.length;
  const tailRoom = where === 'middle' ? Math.floor(room / 2) : 0;
  const pieces = isNarrow(text) ? Array.from(text) : graphemes(text);
  const head = take(pieces, room - tailRoom, measure);
  const tail = take(pieces.reverse(), tailRoom, measure).reverse();
  return head.join('') + ellipsis + tail.join('');
}

function graphemes(text: string): string[] {
  return Array.from(new Intl.Segmenter('en').segment(text), (part) => part.segment);
}

function take(pieces: readonly string[], room: number, measure: Measure): string[] {
  const taken: string[] = [];
  let left = room;
  for (const piece of pieces) {
    left -= measure(piece);
    if (left < 0) break;
    taken.push(piece);
  }
  return taken;
}
