import { subjectOf, type Evidence, type Found, type Severity } from '../model/finding.js';
import { compareText, type Instance } from '../model/instance.js';
import { addressesOf } from './address-sets.js';
import { fadingIn } from './fading.js';
import { instanceName } from './instance-evidence.js';
import { namesText } from './lease-evidence.js';
import { findingsOf, servicesReported } from './reported.js';
import { serviceHealth, type ServiceHealth } from './service-health.js';
import type { DeclaredService } from './settings.js';
import { countsText, hasChoice, spreads, type Spread } from './spread.js';
import type { Examination } from './types.js';

/** Rules that say of a service as a whole that its addresses or its number are wrong. */
export const wholeServiceRules = ['SD203', 'SD301', 'SD309'] as const;
/** Rules that find an instance ill, which is why the others stand alone. */
export const illRules = ['SD303', 'SD304', 'SD307', 'SD403'] as const;

/** What would take a whole service down at once. */
interface Weakness {
  readonly kind: 'zones' | Spread['dimension'] | 'single';
  readonly severity: Severity;
  readonly detail: string;
  readonly advice: string;
}

/** Services that one fault takes down although there are several instances, or should be. */
export function* weakServices(examination: Examination): Generator<Found> {
  const measure = spreads(examination);
  const isSaid = wholeServiceRules.map((rule) => servicesReported(rule, examination));
  const judge = judgeIn(examination);
  const isFading = fadingIn(examination);
  for (const health of serviceHealth(examination)) {
    if (isSaid.some((services) => services.has(health.service))) continue;
    // A restart leaves an entry of the same host behind for up to a TTL.
    const instances = health.instances.filter((one) => !isFading(one));
    const usable = health.usable.filter((one) => !isFading(one));
    const all = measure(instances);
    const weakness = instances.length === 0 ? null : judge({ ...health, instances, usable }, all);
    if (weakness !== null) yield foundFor({ ...health, instances }, weakness, all);
  }
}

type Judge = (health: ServiceHealth, spread: readonly Spread[]) => Weakness | null;

/** The worst of what may be wrong with a service: all of it is one fault. */
function judgeIn(examination: Examination): Judge {
  const { inventory, allowLoopback } = examination.settings;
  const isChoice = hasChoice(examination);
  const isIll = findingsOf(illRules, examination);
  return (health, spread) => {
    const { service, instances, usable } = health;
    const declared = Object.hasOwn(inventory, service) ? inventory[service] : undefined;
    const zones = declared === undefined ? null : missedZones(health, declared, spread);
    if (zones !== null) return zones;
    if (declared !== undefined && usable.length === 1 && !instances.some((one) => isIll(one) !== null))
      return single(service, declared);
    // Several ids of one process are one instance.
    if (processesOf(usable) < 2) return null;
    const shared = spread.filter(
      ({ dimension, counts }) =>
        counts.size === 1 &&
        isChoice(dimension) &&
        !(allowLoopback && (dimension === 'host' || dimension === 'node')),
    );
    return shared[0] === undefined ? null : together(health, shared[0]);
  };
}

function processesOf(instances: readonly Instance[]): number {
  return addressesOf(instances.map((one) => ({ ...one, endpoints: one.endpoints.slice(0, 1) }))).size;
}

/** Fewer of the declared zones than its instances could fill. */
function missedZones(
  { service, instances }: ServiceHealth,
  { zones, min }: DeclaredService,
  spread: readonly Spread[],
): Weakness | null {
  const counts = spread.find(({ dimension }) => dimension === 'zone')?.counts;
  if (counts === undefined || instances.length < (min ?? 0)) return null;
  const used = zones.filter((zone) => counts.has(zone));
  const wanted = Math.min(zones.length, min === null || min === 0 ? zones.length : min);
  if (used.length >= wanted) return null;
  const missing = zones.filter((zone) => !counts.has(zone));
  return {
    kind: 'zones',
    severity: 'error',
    detail: `${service} is in ${used.length} of its ${zones.length} declared zones: nothing in ${missing.join(', ')}`,
    advice: `start instances in ${missing.join(' or ')}, or correct the inventory`,
  };
}

/** null: it is declared to be alone, or to be missing at times. */
function single(service: string, { min, max }: DeclaredService): Weakness | null {
  if (min === 0 || max === 1) return null;
  return {
    kind: 'single',
    severity: min !== null && min > 1 ? 'warning' : 'info',
    detail: `${service} has one healthy instance, and none to take over from it`,
    advice: 'start a second one, or declare it with a most of 1',
  };
}

const words: Readonly<Record<Spread['dimension'], string>> = {
  host: 'at one address',
  node: 'on one node',
  rack: 'in one rack',
  zone: 'in one zone',
};

function together({ service, instances }: ServiceHealth, { dimension, counts }: Spread): Weakness {
  const [place = ''] = counts.keys();
  return {
    kind: dimension,
    severity: 'warning',
    detail: `all ${instances.length} instances of ${service} are ${words[dimension]}: ${place}`,
    advice: `move some of them to another ${dimension}`,
  };
}

function foundFor(
  { service, instances }: ServiceHealth,
  { kind, severity, detail, advice }: Weakness,
  spread: readonly Spread[],
): Found {
  const [first] = instances;
  return {
    severity,
    subject: subjectOf({ service }),
    detail,
    evidence: [
      { name: 'instances', value: namesText(instances.map(instanceName).sort(compareText)) },
      ...spread.map(spreadEvidence),
    ],
    fix: { text: advice, commands: [['sdctl', 'list', service, '-o', 'wide']] },
    identity: [
      service,
      first?.root ?? '',
      first === undefined || first.root === null ? '' : first.layout,
      kind,
    ],
  };
}

function spreadEvidence({ dimension, counts }: Spread): Evidence {
  return { name: `${dimension}s`, value: countsText(counts) };
}
