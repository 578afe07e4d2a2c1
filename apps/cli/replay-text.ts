import type {
  ChangeGroup,
  DecidedAs,
  Difference,
  ReasonGroup,
  ReplaySummary,
} from '../ledger/replay/report.js';

/** What a person reads: the counts, then what is not identical, grouped where there is something to group by. */
export const replayText = (summary: ReplaySummary, policyFile?: string): string => {
  const { checked, counts, different, changes } = summary;
  const subject = policyFile === undefined ? 'replayed' : `decided again with ${policyFile}`;
  const others = [
    ...(counts.unknown_engine > 0 ? [`${counts.unknown_engine} by an unknown engine`] : []),
    ...(counts.payload_erased > 0 ? [`${counts.payload_erased} with an erased payload`] : []),
  ];
  const said = [`${counts.identical} identical`, `${counts.different} different`, ...others].join(', ');
  const unlisted = counts.different - different.length;
  return [
    `${checked} ${subject}: ${said}`,
    ...(changes === undefined ? different.map(differenceLine) : changes.map(changeLine)),
    ...(changes === undefined && unlisted > 0 ? [`  ... and ${unlisted} more differences`] : []),
    ...summary.unknown_engine.map((group) => reasonLine('unknown engine', group)),
    ...summary.payload_erased.map((group) => reasonLine('erased, key', group)),
  ].join('\n');
};

const changeLine = ({ from, to, count, calls }: ChangeGroup): string =>
  `  ${count} decisions: ${asText(from)} -> ${asText(to)}; ${callsText(calls, count)}`;

const asText = ({ effect, rules, masked }: DecidedAs): string =>
  `${effect} (${rules.join(', ') || 'no rule'}${masked ? ', masked' : ''})`;

const reasonLine = (what: string, { reason, count, calls }: ReasonGroup): string =>
  `  ${what} ${reason}: ${count}; ${callsText(calls, count)}`;

const callsText = (calls: readonly string[], count: number): string =>
  `call${calls.length === 1 ? '' : 's'} ${calls.join(', ')}${count > calls.length ? ', ...' : ''}`;

const differenceLine = ({ callId, what, recorded, replayed }: Difference): string => {
  const problem = (replayed as { problem?: string }).problem;
  if (problem !== undefined) return `  call ${callId}: ${what}: ${problem}`;
  const differing = `  call ${callId}: ${what}: ${differingMembers(recorded, replayed)}`;
  if (what !== 'decision') return differing;
  const [before, after] = [decisionText(recorded), decisionText(replayed)];
  return before === after ? differing : `  call ${callId}: ${before} -> ${after}`;
};

const decisionText = (decided: unknown): string => {
  const { effect, rules } = (decided as { decision: { effect?: string; rules?: readonly string[] } })
    .decision;
  return `${effect ?? '?'} (${rules?.join(', ') || 'no rule'})`;
};

const differingMembers = (recorded: unknown, replayed: unknown): string => {
  const before = recorded as { readonly [member: string]: unknown };
  const names = Object.entries(replayed as object)
    .filter(([member, value]) => JSON.stringify(before[member]) !== JSON.stringify(value))
    .map(([member]) => (member === 'payload' ? 'masked bytes or findings' : member));
  return `${names.join(', ')} differ`;
};
