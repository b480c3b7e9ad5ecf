#!/usr/bin/env node
import { main } from '../dist/lib/command/main.js';

await main(import.meta.url);
