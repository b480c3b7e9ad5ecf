#!/usr/bin/env node
import module from 'node:module';

// Compiled code is kept for the next run where Node can do that (from 22.8 on).
module.enableCompileCache?.();
const { main } = module.createRequire(import.meta.url)('../dist/lib/chunks/main.cjs');
await main(import.meta.url);
