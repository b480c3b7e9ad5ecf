#!/usr/bin/env node
import module from 'node:module';

// Compiled code is kept for the next run where Node can do that (from 22.8 on).
module.enableCompileCache?.();
const { main } = await import('../dist/lib/command/main.js');
await main(import.meta.url);
