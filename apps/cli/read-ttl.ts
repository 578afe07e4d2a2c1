import { UsageError } from './command.js';

const SECONDS: { readonly [unit: string]: number } = { s: 1, m: 60, h: 3_600 };
const TTL_S_MAX = 24 * 3_600;

/** `90s`, `15m`, `1h` in seconds; 1 s to 24 h. @throws UsageError */
export const readTtl = (text: string): number => {
  const match = /^(\d{1,6})([smh])$/.exec(text);
  const ttl_s = match === null ? 0 : Number(match[1]) * (SECONDS[match[2] ?? ''] ?? 0);
  if (ttl_s < 1 || ttl_s > TTL_S_MAX) throw new UsageError(`--ttl ${text}: expected 1s to 24h, such as 15m`);
  return ttl_s;
};
