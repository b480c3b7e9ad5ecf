// npm run bench: teaches Node to read the TypeScript of bench/ and test/support/, then runs bench/main.ts.
import { register } from 'node:module';

register('./hooks/typescript.mjs', import.meta.url);
const { main } = await import('./main.ts');
process.exit(await main(process.argv.slice(2)));
