/** All of a large Consul catalog, through a proxy that counts connections. */
import { seedConsul, startConsul, startProxy } from '../../test/support/servers/index.js';
import { median, RUNS, timeOf } from '../measure.js';
import type { Row } from '../row.js';

const INSTANCES = 5_000;
const SERVICES = 250;

export const consulListRow: Row = {
  name: 'consul-list',
  async measure(bench) {
    const consul = await startConsul({ dev: true });
    const proxy = await startProxy(consul.url);
    try {
      const services = Array.from({ length: INSTANCES }, (_, index) => ({
        id: `i-${index}`,
        name: `service-${index % SERVICES}`,
        meta: { version: '1.0' },
      }));
      await seedConsul(consul, services, { into: 'catalog' });
      const list = bench.sdctl(
        'list',
        'service-*',
        '-o',
        'tsv',
        '--backend',
        'consul',
        '--server',
        proxy.url,
      );
      const times: number[] = [];
      for (let run = 0; run < RUNS; run += 1) times.push(await timeOf(list));
      return [
        {
          what: `list of ${INSTANCES} instances on Consul`,
          limit: 3_000,
          measured: median(times),
          unit: 'ms',
          baseline: `${SERVICES} services`,
          rule: 'below',
        },
        {
          what: `list of ${INSTANCES} instances on Consul: connections`,
          limit: 8,
          measured: proxy.peak,
          unit: '',
          baseline: 'most at a time',
        },
      ];
    } finally {
      await proxy.stop();
      await consul.stop();
    }
  },
};
