import type { Finding, RuleFacts, Suppression } from '../model/finding.js';
import type { Instance } from '../model/instance.js';
import { ruleNamed } from './rule-names.js';
import type { IdleMark } from './rules/sd902-unused-suppression.js';

/** Consul allows no dot in such keys, and sdctl keeps those with a hyphen to itself. */
const KEYS = ['sdctl.ignore', 'sdctl-ignore', 'sdctl_ignore'] as const;

/** One word of an instance's list. */
interface Mark {
  readonly instance: Instance;
  readonly word: string;
  readonly rule: RuleFacts | null;
  readonly reason: string;
}

/** What instances say in their own metadata: `sdctl.ignore: SD101,no-health-check: a batch job`. */
export class Marks {
  readonly #all: readonly Mark[];
  readonly #byName = new Map<string, Mark[]>();

  constructor(instances: readonly Instance[], rules: readonly RuleFacts[]) {
    this.#all = instances.flatMap((instance) => marksOf(instance, rules));
    for (const mark of this.#all) {
      const name = nameOf(mark.instance.service, mark.instance.id, mark.instance.node);
      const known = this.#byName.get(name);
      if (known === undefined) this.#byName.set(name, [mark]);
      else known.push(mark);
    }
  }

  /** Why the instance that a finding is about does not want it to count; null: it does not say so. */
  suppressionOf(finding: Finding): Suppression | null {
    const mark = this.#marksFor(finding).find(({ rule }) => rule?.id === finding.rule.id);
    return mark === undefined ? null : { by: 'instance', reason: mark.reason, until: null };
  }

  #marksFor({ subject }: Finding): readonly Mark[] {
    if (subject.service === null || subject.instance === null) return [];
    const named = this.#byName.get(nameOf(subject.service, subject.instance, subject.node)) ?? [];
    // Two keys of etcd may hold one name; only the one that asks is left alone.
    return named.filter(({ instance: { key } }) => subject.key === null || key === subject.key);
  }

  /**
   * Words that no rule has for a name, and those of decided rules that found nothing at any instance which asks: once for
   * each service, because its instances share their metadata.
   */
  *idle(findings: readonly Finding[], isDecided: (rule: string) => boolean): Generator<IdleMark> {
    const used = new Set(findings.flatMap((finding) => this.#marksFor(finding).map(groupUsedBy(finding))));
    const groups = new Map<string, { readonly mark: Mark; instances: number }>();
    for (const mark of this.#all) {
      const group = groups.get(groupOf(mark));
      if (group === undefined) groups.set(groupOf(mark), { mark, instances: 1 });
      else group.instances += 1;
    }
    for (const [group, { mark, instances }] of groups) {
      const { word, rule, instance } = mark;
      if (rule !== null && (used.has(group) || !isDecided(rule.id))) continue;
      yield { service: instance.service, rule: word, isKnown: rule !== null, instances };
    }
  }
}

function groupUsedBy({ rule: found }: Finding): (mark: Mark) => string {
  return (mark) => (mark.rule?.id === found.id ? groupOf(mark) : '');
}

function groupOf({ instance, word, rule }: Mark): string {
  return JSON.stringify([instance.service, rule?.id ?? word]);
}

function nameOf(service: string, id: string, node: string | null): string {
  return JSON.stringify([service, id, node]);
}

function marksOf(instance: Instance, rules: readonly RuleFacts[]): readonly Mark[] {
  const key = KEYS.find((name) => Object.hasOwn(instance.metadata, name));
  const text = key === undefined ? '' : (instance.metadata[key] ?? '');
  const colon = text.indexOf(':');
  const [list, reason] = colon === -1 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1).trim()];
  const words = new Set(list.split(',').map((word) => word.trim()));
  words.delete('');
  return [...words].map((word) => ({
    instance,
    word,
    rule: ruleNamed(rules, word),
    reason: reason === '' ? 'the instance asks for it' : reason,
  }));
}
