// Loaded into a measured process by --import: writes its peak resident set in KiB to $SDCTL_BENCH_OUT when it ends.
// VmHWM and not resourceUsage().maxRSS, which starts at the size of the process that started this one.
import { readFileSync, writeFileSync } from 'node:fs';

process.on('exit', () => {
  let kib;
  try {
    kib = Number(/VmHWM:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
  } catch {
    kib = process.resourceUsage().maxRSS;
  }
  writeFileSync(process.env.SDCTL_BENCH_OUT, String(kib));
});
