import { expect, it } from 'vitest';
import { orphanMarker } from '../../../src/lib/doctor/rules/sd212-orphan-marker.js';
import { etcdWith, type RawPair } from './entry-premises.js';
import { run } from './premises.js';

const escaped = (url: string): string => encodeURIComponent(url);
const directories = (name: string, ...kinds: readonly string[]): RawPair[] => [
  [`/dubbo/${name}`, '', null],
  ...kinds.map((kind): RawPair => [`/dubbo/${name}/${kind}`, '', null]),
];
const provider: RawPair = [`/dubbo/com.Order/providers/${escaped('dubbo://10.0.0.1:20880/com.Order')}`, ''];
const consumer: RawPair = [`/dubbo/com.Pay/consumers/${escaped('consumer://10.0.0.2/com.Pay')}`, ''];
const route: RawPair = [`/dubbo/com.Route/routers/${escaped('condition://0.0.0.0/com.Route')}`, ''];

it('finds the directories of an interface in which nothing stands, once', () => {
  const examination = etcdWith([
    ['/dubbo', '', null],
    ...directories('com.Gone', 'providers', 'routers'),
    ...directories('com.Order', 'providers', 'consumers'),
    provider,
  ]);
  expect(run(orphanMarker, examination)).toMatchObject([
    {
      severity: 'info',
      subject: { key: '/dubbo/com.Gone' },
      fix: {
        commands: [
          ['etcdctl', 'del', '/dubbo/com.Gone'],
          ['etcdctl', 'del', '/dubbo/com.Gone/providers'],
          ['etcdctl', 'del', '/dubbo/com.Gone/routers'],
        ],
      },
    },
  ]);
});

it('finds the group itself where nothing else is left', () => {
  expect(run(orphanMarker, etcdWith([['/dubbo', '', null]]))).toMatchObject([{ subject: { key: '/dubbo' } }]);
});

it('leaves directories alone in which providers, consumers or rules stand, and those of others', () => {
  const fine = etcdWith([
    ['/dubbo', '', null],
    ...directories('com.Order', 'providers', 'consumers', 'configurators'),
    ...directories('com.Pay', 'consumers', 'providers'),
    ...directories('com.Route', 'routers'),
    provider,
    consumer,
    route,
    ['/apisix/routes/', 'init_dir', null],
    ['/rpcx/order', 'order'],
  ]);
  expect(run(orphanMarker, fine)).toEqual([]);
});

it('looks at all services, and needs to see everything', () => {
  const examination = etcdWith(directories('com.Gone', 'providers'));
  expect(run(orphanMarker, examination)).toHaveLength(1);
  expect(run(orphanMarker, { ...examination, service: 'com.Gone' })).toBe('skip');
  expect(run(orphanMarker, { ...examination, facts: { ...examination.facts, isFiltered: true } })).toBe(
    'unknown',
  );
  expect(run(orphanMarker, { ...examination, snapshot: { ...examination.snapshot, partial: true } })).toBe(
    'unknown',
  );
});
