import type { Health } from '../model/instance.js';
import type { RegistrationSpec } from '../registry/types.js';
import type { Random } from '../time/backoff.js';
import { pickOne } from './seeded-random.js';

/** One simulated instance: what it announces, apart from who runs it and since when. */
export interface FleetMember {
  readonly spec: Omit<RegistrationSpec, 'owner' | 'registeredAt'>;
  /** What it says of itself; null: nothing, its lease speaks for it. */
  readonly state: { readonly health: Health; readonly healthReason: string | null } | null;
}

interface Kind {
  readonly name: string;
  readonly protocol: string;
  readonly port: number;
  readonly team: string;
}

const KINDS: readonly Kind[] = [
  { name: 'order', protocol: 'http', port: 8_080, team: 'checkout' },
  { name: 'payment', protocol: 'grpc', port: 9_090, team: 'payments' },
  { name: 'gateway', protocol: 'https', port: 8_443, team: 'edge' },
  { name: 'inventory', protocol: 'http', port: 8_081, team: 'warehouse' },
  { name: 'cart', protocol: 'http', port: 8_082, team: 'checkout' },
  { name: 'catalog', protocol: 'http', port: 8_083, team: 'shop' },
  { name: 'shipping', protocol: 'grpc', port: 9_091, team: 'warehouse' },
  { name: 'user', protocol: 'http', port: 8_084, team: 'identity' },
  { name: 'search', protocol: 'http', port: 9_200, team: 'shop' },
  { name: 'email', protocol: 'grpc', port: 9_092, team: 'identity' },
];
const ZONES = ['eu-1a', 'eu-1b', 'eu-1c'];

/** A service of the fleet: its members share all but what makes them single. */
export interface FleetService {
  readonly name: string;
  /** The next member of it; no two have the same id or address. */
  create(random: Random): FleetMember;
}

/** The first `count` services: those with names of their own, then numbered ones. */
export function createServices(count: number, random: Random): FleetService[] {
  return Array.from({ length: count }, (_, index) => {
    const kind = KINDS[index] ?? {
      name: `service-${index + 1}`,
      protocol: 'http',
      port: 8_000 + index,
      team: 'platform',
    };
    return createService(kind, index, `${1 + Math.floor(random() * 3)}.${Math.floor(random() * 10)}`);
  });
}

function createService(kind: Kind, index: number, release: string): FleetService {
  let created = 0;
  return {
    name: kind.name,
    create(random) {
      created += 1;
      const suffix = Math.floor(random() * 0x10000)
        .toString(16)
        .padStart(4, '0');
      const isCanary = random() < 0.1;
      const address = `10.${Math.floor(index / 250)}.${(index % 250) + 1}.${(created % 250) + 1}`;
      return {
        spec: {
          service: kind.name,
          // The number keeps ids apart even when two suffixes are the same.
          id: `${kind.name}-${suffix}-${created}`,
          endpoints: [{ protocol: kind.protocol, address, port: kind.port + Math.floor(created / 250) }],
          tags: isCanary ? ['canary'] : ['stable'],
          metadata: { team: kind.team },
          version: isCanary ? `${release}.9` : `${release}.${Math.floor(random() * 3)}`,
          weight: isCanary ? 1 : 10,
          zone: pickOne(ZONES, random) ?? null,
        },
        state: null,
      };
    },
  };
}
