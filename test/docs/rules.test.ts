import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { rulesDocument } from '../../scripts/rules-doc.mjs';
import { explainText, explanationOf } from '../../src/lib/doctor/explain.js';
import { plannedRules } from '../../src/lib/doctor/planned-rules.js';
import { allRules } from '../../src/lib/doctor/rule-names.js';

const rules = new Map(allRules.map((rule) => [rule.id, rule]));

describe('docs/rules.md', () => {
  it('is what npm run docs makes of the rules', async () => {
    const written = readFileSync(new URL('../../docs/rules.md', import.meta.url), 'utf8');
    expect(await rulesDocument()).toBe(written);
  });

  it('says everything that --explain says', async () => {
    // Markdown may escape what a terminal shows as it is.
    const document = (await rulesDocument()).replaceAll('\\', '');
    for (const rule of allRules) {
      expect(document).toContain(`## ${rule.id} ${rule.slug}\n`);
      for (const text of [rule.title, ...explanationOf(rule).texts.map(([, sentence]) => sentence)]) {
        expect(explainText(rule)).toContain(text);
        expect(document.replace(/\s+/g, ' ')).toContain(text.replace(/\s+/g, ' '));
      }
    }
  });

  it('gives every rule an id and a name of its own, the planned ones too', () => {
    const all = [...allRules, ...plannedRules];
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    expect(new Set(all.map(({ slug }) => slug)).size).toBe(all.length);
    for (const { id, slug, title } of all) {
      expect(id).toMatch(/^SD\d{3}$/);
      expect(slug).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(title).toMatch(/^[A-Z].*[^.]$/);
    }
    expect(plannedRules.map(({ id }) => id)).toEqual(plannedRules.map(({ id }) => id).sort());
    expect(rules.size).toBe(allRules.length);
  });
});
