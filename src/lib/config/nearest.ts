import { distance } from 'fastest-levenshtein';

/** The known name that was probably meant: a few typing errors away at most; null when none is close. */
export function nearest(name: string, known: readonly string[]): string | null {
  let best: string | null = null;
  // Something of the name stays: two letters are near to every other two.
  let bestDistance = Math.min(name.length, Math.max(2, Math.floor(name.length / 3)) + 1);
  for (const candidate of known) {
    const steps = distance(name.toLowerCase(), candidate.toLowerCase());
    if (steps < bestDistance) {
      best = candidate;
      bestDistance = steps;
    }
  }
  return best;
}
