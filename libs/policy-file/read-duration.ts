import type { Findings } from './problems.js';
import { textOf } from './read-node.js';
import type { YamlNode } from './yaml-node.js';

export const EXPIRES_S_MAX = 24 * 60 * 60;
const SECONDS = { s: 1, m: 60, h: 3600 } as const;

/** `45s`, `30m`, `2h`: one whole number and one unit, 1 second to 24 hours. Seconds. */
export const readDuration = (findings: Findings, node: YamlNode): number | undefined => {
  const text = textOf(findings, node, 'a duration such as 30m');
  if (text === undefined) return undefined;
  const match = /^([1-9][0-9]{0,5})([smh])$/.exec(text);
  const duration_s = match ? Number(match[1]) * SECONDS[match[2] as keyof typeof SECONDS] : 0;
  if (duration_s >= 1 && duration_s <= EXPIRES_S_MAX) return duration_s;
  findings.refuse(node, `"${text}" is not a duration.`, 'write 45s, 30m or 2h; at most 24h.');
  return undefined;
};
