/**
 * docs/rules.md, made of the rules of doctor themselves.
 *
 * `npm run docs` writes it; a test compares.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';

const root = path.dirname(import.meta.dirname);
const file = path.join(root, 'docs', 'rules.md');

const INTRODUCTION = `# Rules of sdctl doctor

Written by \`npm run docs\` from the rules themselves; \`sdctl doctor --explain SD101\` prints the same.

A rule that cannot be decided is unknown with its reason, never a pass. Ids are never used again for something else.
Limits and severities are settings of the section \`doctor\` of the config file.`;

/** From the build, which is what users get. */
async function load() {
  const [names, planned, explain] = await Promise.all([
    import('../dist/lib/doctor/rule-names.js'),
    import('../dist/lib/doctor/planned-rules.js'),
    import('../dist/lib/doctor/explain.js'),
  ]);
  return {
    explanations: names.allRules.map(explain.explanationOf),
    planned: planned.plannedRules,
  };
}

function ruleSection({ heading, title, facts, texts }) {
  const list = facts.map(([word, text]) => `- ${word}: ${text}`).join('\n');
  const parts = texts.map(([word, text]) => `**${word}.** ${text}`);
  return [`## ${heading}`, `${title}.`, list, ...parts].join('\n\n');
}

function plannedSection(rules) {
  const rows = rules.map(({ id, slug, title }) => `| ${id} | \`${slug}\` | ${title} |`);
  return [
    '## Planned',
    'Not written yet; no setting may name them.',
    ['| Rule | Name | Finds |', '| --- | --- | --- |', ...rows].join('\n'),
  ].join('\n\n');
}

/** The whole file. */
export async function rulesDocument() {
  const { explanations, planned } = await load();
  const text = [INTRODUCTION, ...explanations.map(ruleSection), plannedSection(planned)].join('\n\n');
  return format(text, { ...(await resolveConfig(file)), filepath: file });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(file, await rulesDocument());
