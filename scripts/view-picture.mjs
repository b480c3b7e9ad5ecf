/**
 * `node scripts/view-picture.mjs [FIXTURE] [--size 80x24] [--keys 'j,j,\r'] [--advance MS] [--map] [--svg FILE] [-- ARGUMENTS]`: what
 * the built view shows of a fixture. Build first.
 *
 * `story` is prod-eu with the four minutes before the picture. `--map` adds how each cell is dressed; `--svg` writes a picture of it, as
 * `npm run picture` does for the README.
 */
import { writeFileSync } from 'node:fs';
import { register } from 'node:module';
import process from 'node:process';
import { parseArgs } from 'node:util';

register('../bench/hooks/typescript.mjs', import.meta.url);
const { ScriptedView } = await import('../test/support/view/scripted-view.ts');
const { pictureOf } = await import('../test/support/view/picture.ts');
const { svgOf } = await import('../test/support/view/svg.ts');
const { prodEu, prodEuBefore, prodEuStory, storyStartMs } =
  await import('../test/support/view/fixtures/prod-eu.ts');
const { consulFixture } = await import('../test/support/view/fixtures/consul.ts');
const others = await import('../test/support/view/fixtures/others.ts');

const fixtures = {
  'prod-eu': prodEu,
  story: prodEuBefore,
  consul: consulFixture,
  hostile: others.hostileFixture,
  wide: others.wideFixture,
  empty: others.emptyFixture,
  denied: others.deniedFixture,
  large: others.largeFixture,
};

const own = process.argv.slice(2);
const cut = own.indexOf('--');
const { values, positionals } = parseArgs({
  args: cut === -1 ? own : own.slice(0, cut),
  allowPositionals: true,
  options: {
    size: { type: 'string', default: '80x24' },
    keys: { type: 'string' },
    advance: { type: 'string', default: '1000' },
    map: { type: 'boolean', default: false },
    svg: { type: 'string' },
  },
});
const name = positionals[0] ?? 'prod-eu';
const fixture = fixtures[name];
if (fixture === undefined) {
  console.error(`no fixture ${name}: ${Object.keys(fixtures).join(', ')}`);
  process.exit(2);
}
const [columns = 80, rows = 24] = values.size.split('x').map(Number);
const view = await ScriptedView.open(fixture(), {
  columns,
  rows,
  contexts: { stage: others.stageFixture(), broken: others.brokenFixture() },
  ...(cut === -1 ? {} : { args: own.slice(cut + 1) }),
  ...(name === 'story' ? { startMs: storyStartMs } : {}),
});
try {
  if (cut === -1) await view.shown();
  await view.advance(name === 'story' ? 0 : Number(values.advance));
  if (name === 'story') await view.tell(prodEuStory);
  for (const key of values.keys?.split(',') ?? []) await view.press(JSON.parse(`"${key}"`));
  if (values.svg !== undefined) writeFileSync(values.svg, svgOf(view.terminal));
  else console.log(values.map ? pictureOf(view.terminal) : view.terminal.text());
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await view[Symbol.asyncDispose]();
}
process.exit();
