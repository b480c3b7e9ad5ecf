/**
 * A small full-screen program, by which the instruments of the view are tested themselves. Keys: `q` quits, ctrl-z
 * suspends, `x` dies and leaves everything as it is, `b` rings and sets the title, `w` writes for ever.
 */
import { writeSync } from 'node:fs';
import process from 'node:process';

const put = (text) => writeSync(1, text);
let count = 0;
let wrote = 0;

const enter = () => {
  process.stdin.setRawMode(true);
  put('\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J');
};
const leave = () => {
  process.stdin.setRawMode(false);
  put('\x1b[?2026l\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l');
};
const paint = (key) => {
  const { columns, rows } = process.stdout;
  put(
    [
      '\x1b[?2026h\x1b[1;1H\x1b[1;31mbold red\x1b[0m \x1b[2mdim\x1b[0m \x1b[7minverse\x1b[0m \x1b[1;7;32mmixed\x1b[0m plain\x1b[K',
      `\x1b[2;1H日本語 👍 e\u0301 size ${columns}x${rows}\x1b[K`,
      `\x1b[3;1Hkey ${JSON.stringify(key)} count ${count}\x1b[K`,
      `\x1b[${rows};1H\x1b[36mlast line\x1b[0m\x1b[K\x1b[?2026l`,
    ].join(''),
  );
};
const writeForEver = () => {
  put(`\x1b[4;1Hwrote ${(wrote += 1)} ${'x'.repeat(60)}`);
  setImmediate(writeForEver);
};

process.stdin.on('data', (bytes) => {
  const key = bytes.toString('utf8');
  count += 1;
  if (key === 'q' || key === '\x03') {
    leave();
    process.exit(key === 'q' ? 0 : 130);
  }
  if (key === 'x') process.kill(process.pid, 'SIGKILL');
  if (key === '\x1a') {
    leave();
    process.kill(process.pid, 'SIGTSTP');
    return;
  }
  if (key === 'b') put('\x07\x1b]0;a title\x07\x1b]52;c;cm0=\x07\x1b]8;;http://x\x07');
  if (key === 'w') writeForEver();
  paint(key);
});
process.on('SIGCONT', () => {
  enter();
  paint('');
});
process.stdout.on('resize', () => paint(''));
process.on('SIGTERM', () => {
  leave();
  process.exit(143);
});
enter();
paint('');
