/**
 * As little of a view as the truth test needs, on top of `sdctl watch -o jsonl`: the instruments are tested by it. It
 * lies when DUMMY_LIE says `count`, `endpoint`, `gone` or `stale`.
 */
import { spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import process from 'node:process';
import { createInterface } from 'node:readline';

const lie = process.env.DUMMY_LIE ?? '';
const [program, ...flags] = process.argv.slice(2);
const services = new Map();
let state = 'LOADING';
let shown = null;
let typed = null;
let selected = 0;
let isNameSort = false;

const urlOf = ({ protocol, address, port }) =>
  `${protocol === null ? '' : `${protocol}://`}${address}:${port}`;
const put = ({ service, id, endpoints }) => {
  if (!services.has(service)) services.set(service, new Map());
  services.get(service).set(id, urlOf(endpoints[0]));
};
const drop = ({ service, id }) => {
  services.get(service)?.delete(id);
  if (services.get(service)?.size === 0) services.delete(service);
};

function takeIn(event) {
  if (event.type === 'stale' && lie !== 'stale') state = 'STALE 1s  retry in 1s';
  if (event.type === 'synced') {
    state = 'LIVE';
    services.clear();
    for (const instance of event.instances) put(instance);
  }
  if (event.type === 'joined' || event.type === 'updated') put(event.entry);
  if (event.type === 'left' && lie !== 'gone') drop({ service: event.service, id: event.instance });
}

function rows() {
  if (shown !== null)
    return [...(services.get(shown) ?? [])].map(([id, url], at) => [
      id,
      lie === 'endpoint' && at === 1 ? 'http://lie' : url,
    ]);
  return [...services]
    .map(([name, instances]) => [name, instances.size])
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, size], at) => [name, lie === 'count' && at === 1 ? size + 1 : size]);
}

function paint() {
  const height = process.stdout.rows - 4;
  const all = rows();
  selected = Math.min(selected, Math.max(0, all.length - 1));
  const top = Math.max(0, selected - height + 1);
  const lines = all.slice(top, top + height).map(([name, value], at) => {
    const mark = top + at === selected ? '▌' : ' ';
    return shown === null
      ? `${mark}● ${name.padEnd(20)} ${String(value).padStart(5)}   ok`
      : `${mark}● ${name.padEnd(20)} ${String(value).padEnd(30)} 12s`;
  });
  const head =
    shown === null
      ? '   SERVICE               INST   TTL'
      : `   ${'INSTANCE'.padEnd(20)} ${'ENDPOINT'.padEnd(30)} TTL`;
  const whole = [
    ` dummy  ● ${state}`,
    ` ${shown ?? 'services'}  sort: ${isNameSort ? 'name' : 'health'}  ${typed === null ? '' : `: ${typed}`}`,
    head,
    ...lines,
  ];
  while (whole.length < process.stdout.rows) whole.push('');
  writeSync(1, `\x1b[?2026h${whole.map((line, at) => `\x1b[${at + 1};1H${line}\x1b[K`).join('')}\x1b[?2026l`);
}

function press(key) {
  if (typed !== null && key === '\r') {
    shown = typed.replace(/^svc /, '');
    typed = null;
    selected = 0;
  } else if (typed !== null) typed += key;
  else if (key === ':') typed = '';
  else if (key === 'g') selected = 0;
  else if (key === 's') isNameSort = true;
  else if (key === '1') [shown, selected] = [null, 0];
  else if (key === '\x1b[6~') selected += process.stdout.rows - 4;
  paint();
}

process.stdin.setRawMode(true);
process.stdin.on('data', (bytes) => press(bytes.toString('utf8')));
writeSync(1, '\x1b[?1049h\x1b[?25l');
const words = [program, 'watch', '-o', 'jsonl', '--retry-start', 'forever', ...flags];
const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
createInterface({ input: child.stdout }).on('line', (line) => {
  takeIn(JSON.parse(line));
  paint();
});
process.on('exit', () => child.kill());
paint();
