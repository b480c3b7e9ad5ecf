import type { Evidence } from '../model/finding.js';
import type { ConfiguredSuppression } from './settings.js';

const places = ['service', 'instance', 'node', 'key'] as const;

/** `the suppression of SD101 for service legacy-*`. Untrusted text. */
export function suppressionName(suppression: ConfiguredSuppression): string {
  const where = places.flatMap((place) => {
    const pattern = suppression[place];
    return pattern === null ? [] : [`${place} ${pattern}`];
  });
  const what = `the suppression of ${suppression.rule}`;
  return where.length === 0 ? what : `${what} for ${where.join(', ')}`;
}

/** Everything that it says. */
export function suppressionEvidence(suppression: ConfiguredSuppression): readonly Evidence[] {
  const { rule, reason, until } = suppression;
  return [
    { name: 'rule', value: rule },
    ...places.flatMap((place) => {
      const value = suppression[place];
      return value === null ? [] : [{ name: place, value }];
    }),
    { name: 'reason', value: reason },
    ...(until === null ? [] : [{ name: 'until', value: until }]),
  ];
}

/** What tells it from another one. */
export function suppressionIdentity(suppression: ConfiguredSuppression): readonly string[] {
  // An absent pattern is something else than an empty one.
  return [suppression.rule, ...places.map((place) => JSON.stringify(suppression[place]))];
}
