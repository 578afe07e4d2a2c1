import type { Findings } from './problems.js';
import { textOf } from './read-node.js';
import type { YamlNode } from './yaml-node.js';

export const EXPIRES_S_MAX = 24 * 60 * 60;
const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** `45s`, `30m`, `2h`: one whole number and one unit, 1 second to 24 hours. Seconds. */
export const readDuration = (findings: Findings, node: YamlNode): number | undefined =>
  read(findings, node, 'smh', EXPIRES_S_MAX, 'write 45s, 30m or 2h; at most 24h.');

export const DAYS_MAX = 90;

/** `8h`, `14d`: the same up to 90 days. */
export const readLongDuration = (findings: Findings, node: YamlNode): number | undefined =>
  read(findings, node, 'smhd', DAYS_MAX * SECONDS.d, `write 8h or 14d; at most ${DAYS_MAX}d.`);

const read = (
  findings: Findings,
  node: YamlNode,
  units: string,
  max_s: number,
  hint: string,
): number | undefined => {
  const text = textOf(findings, node, 'a duration such as 30m');
  if (text === undefined) return undefined;
  const match = /^([1-9][0-9]{0,5})([smhd])$/.exec(text);
  const unit = match?.[2] as keyof typeof SECONDS | undefined;
  const duration_s = unit !== undefined && units.includes(unit) ? Number(match?.[1]) * SECONDS[unit] : 0;
  if (duration_s >= 1 && duration_s <= max_s) return duration_s;
  findings.refuse(node, `"${text}" is not a duration.`, hint);
  return undefined;
};
