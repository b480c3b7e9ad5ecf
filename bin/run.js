#!/usr/bin/env node
import { createRequire } from 'node:module';

const { loadProgram } = createRequire(import.meta.url)('../dist/lib/chunks/loader.cjs');
await loadProgram().main(import.meta.url);
