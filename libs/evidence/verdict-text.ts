import type { Finding } from './finding.js';
import type { Verdict } from './verify-pack.js';

/** What a person reads: what was checked, then each finding, then what the pack alone cannot show. */
export const verdictText = ({ ok, findings, facts }: Verdict): string => {
  const lines = [ok ? 'OK: nothing was found' : `NOT OK: ${findings.length} findings`];
  if (facts !== null) {
    const { origin, size, root, key, keyFrom, range, entries, calls, open, witnessed } = facts;
    lines.push(
      `  log          ${origin}, ${size} entries, root ${root}`,
      `  key          ${key} (${keyFrom === 'given' ? 'the one you gave' : 'from the pack itself'})`,
      `  entries      ${entries}${range === null ? '' : `, all from ${range.from} up to ${range.to}`}`,
      `  calls        ${calls}${open === 0 ? '' : `, ${open} of them not ended at this checkpoint`}`,
      `  witnessed    ${witnessed === 0 ? 'no quorum known' : `the first ${witnessed} entries`}`,
      `  disclosures  ${facts.disclosures}, time stamps ${facts.timestamps} (signatures: openssl ts)`,
    );
  }
  lines.push(...findings.map(findingLine));
  if (facts?.keyFrom === 'pack')
    lines.push('Compare the key with one that you got from elsewhere, or give it: --key VKEY.');
  return lines.join('\n');
};

const findingLine = ({ code, message, index, file }: Finding): string => {
  const where = [index === undefined ? '' : `entry ${index}`, file ?? ''].filter((part) => part !== '');
  return `  ${code}${where.length === 0 ? '' : ` [${where.join(', ')}]`}: ${message}`;
};
