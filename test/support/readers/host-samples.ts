import { lease } from './samples.js';

/** Key and value, each with a place for the host. */
export const hosts: readonly (readonly [
  layout: string,
  right: string,
  wrong: string,
  key: string,
  value: string,
])[] = [
  ['plain', '[fd00::5]', 'fd00::5', '/services/order/HOST:80', 'HOST:80'],
  ['etcd-endpoints', '[fd00::5]', 'fd00::5', 'order/HOST:80', '{"Op":0,"Addr":"HOST:80","Metadata":null}'],
  ['go-zero', '[fd00::5]', 'fd00::5', `order/${lease}`, 'HOST:80'],
  [
    'kratos',
    '[fd00::5]',
    'fd00::5',
    '/microservices/order/a',
    '{"id":"a","name":"order","version":"","metadata":null,"endpoints":["grpc://HOST:80"]}',
  ],
  [
    'kitex',
    'fd00::5',
    '[fd00::5]',
    'kitex/registry-etcd/order/HOST:80',
    '{"network":"tcp","address":"HOST:80","weight":10,"tags":null}',
  ],
  [
    'hertz',
    '[fd00::5]',
    'fd00::5',
    'hertz/registry-etcd/order/HOST:80',
    '{"network":"tcp","address":"HOST:80","weight":10,"tags":null}',
  ],
  [
    'go-micro',
    '[fd00::5]',
    'fd00::5',
    '/micro/registry/order/a',
    '{"name":"order","version":"latest","metadata":null,"endpoints":[],"nodes":[{"id":"a","address":"HOST:80","metadata":null}]}',
  ],
  ['go-kit', '[fd00::5]', 'fd00::5', '/services/order/HOST:80', 'HOST:80'],
  ['go-kit', '[fd00::5]', 'fd00::5', '/services/order/HOST:80', 'http://HOST:80'],
  ['rpcx', '[fd00::5]', 'fd00::5', '/rpcx_test/order/tcp@HOST:80', ''],
  ['coredns', 'fd00::5', '[fd00::5]', '/skydns/order/x1', '{"host":"HOST","port":80}'],
];
