/**
 * `npm` inside a block of the documentation: installing and testing would never end there, so it only checks that the
 * package has what is called. `npm start` proves itself by three seconds of what the script runs.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

const folder = process.env.SDCTL_DOCS_PROGRAM ?? '';
const { scripts } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
const args = process.argv.slice(2);

function fail(why) {
  process.stderr.write(`npm ${args.join(' ')}: ${why}\n`);
  process.exit(1);
}

function requireScript(name) {
  if (scripts[name] === undefined) fail(`package.json has no script "${name}"`);
}

const [verb, name] = args;
switch (verb) {
  case 'ci':
    break;
  case 'start': {
    requireScript('start');
    // The shell between npm and the program leaves Ctrl-C to it; else npm reports the shell's death and not its exit code.
    const call = /^npm run --silent build && trap '' INT && node bin\/run\.js (\S+)$/.exec(scripts.start);
    if (call === null) fail(`the script "start" is not a build and one command: ${scripts.start}`);
    const run = spawnSync(process.execPath, [path.join(folder, 'bin/run.js'), call[1], '--for', '3s'], {
      stdio: 'inherit',
    });
    process.exit(run.status ?? 1);
    break;
  }
  case 'test':
    requireScript('test');
    break;
  case 'run':
    requireScript(name);
    break;
  case 'link': {
    // The real one, into a prefix of the sandbox.
    const npm = spawnSync('npm', ['link', '--offline', '--loglevel=error'], {
      cwd: folder,
      stdio: 'inherit',
      env: {
        ...process.env,
        PATH: process.env.SDCTL_DOCS_PATH,
        npm_config_prefix: path.join(process.env.HOME, 'prefix'),
      },
    });
    process.exit(npm.status ?? 1);
    break;
  }
  default:
    fail('the documentation test does not know this command');
}
