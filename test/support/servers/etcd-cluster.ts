/** Several etcd members that form one cluster. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Etcd, type EtcdOptions, type EtcdVersion, prepareEtcd } from './etcd.js';
import { freePort } from './ports.js';

export interface EtcdClusterOptions {
  readonly version: EtcdVersion;
  /** Default 3. */
  readonly members?: number;
  /** For all members; TLS is between client and member only. */
  readonly member?: Omit<
    EtcdOptions,
    'version' | 'name' | 'port' | 'peerPort' | 'initialCluster' | 'dataDir'
  >;
}

export interface EtcdCluster {
  readonly members: readonly Etcd[];
  readonly urls: readonly string[];
  /** The member that leads now; waits for an election that is under way. Members that are not running are passed over. */
  leader(): Promise<Etcd>;
  /** The members that do not lead. */
  followers(): Promise<readonly Etcd[]>;
  stop(): Promise<void>;
}

/** Starts all members at the same time and waits until each of them serves linearizable reads. */
export async function startEtcdCluster(options: EtcdClusterOptions): Promise<EtcdCluster> {
  for (let attempt = 1; ; attempt += 1) {
    const members = await prepareMembers(options);
    const stop = async (): Promise<void> => {
      await Promise.all(members.map(async (m) => m.stop()));
    };
    const started = await Promise.allSettled(members.map(async (member) => member.start()));
    const failure = started.find((result) => result.status === 'rejected');
    if (failure === undefined) return cluster(members, stop);
    await stop();
    const portTaken = members.some((member) => /address already in use/.test(member.log()));
    if (attempt === 3 || !portTaken) throw failure.reason;
  }
}

async function prepareMembers(options: EtcdClusterOptions): Promise<readonly Etcd[]> {
  const places: { readonly name: string; readonly peerPort: number }[] = [];
  for (let index = 0; index < (options.members ?? 3); index += 1) {
    places.push({ name: `node-${String(index)}`, peerPort: await freePort() });
  }
  const initialCluster = places.map((p) => `${p.name}=http://127.0.0.1:${String(p.peerPort)}`).join(',');
  return Promise.all(
    places.map(async (place) =>
      prepareEtcd({ ...options.member, ...place, version: options.version, initialCluster }),
    ),
  );
}

function cluster(members: readonly Etcd[], stop: () => Promise<void>): EtcdCluster {
  const leader = async (): Promise<Etcd> => {
    const deadline = Date.now() + 15_000;
    while (Date.now() < deadline) {
      const found = await findLeader(members);
      if (found !== undefined) return found;
      await sleep(100);
    }
    throw new Error('the cluster has no leader');
  };
  return {
    members,
    urls: members.map((member) => member.url),
    leader,
    followers: async () => {
      const leading = await leader();
      return members.filter((member) => member !== leading);
    },
    stop,
  };
}

/** Only the member itself knows soon that it leads no longer, so each is asked about itself. */
async function findLeader(members: readonly Etcd[]): Promise<Etcd | undefined> {
  const found = await Promise.all(
    members.map(async (member) => {
      if (!member.running || member.frozen) return undefined;
      const status = await member.status().catch(() => undefined);
      return status !== undefined && status.memberId === status.leaderId ? member : undefined;
    }),
  );
  return found.find((member) => member !== undefined);
}
