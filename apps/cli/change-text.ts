import type { CallItem } from './commands/calls.js';
import { block } from './print.js';
import type { Transcript } from './transcript-text.js';

/** A call as a search answers it. */
export interface FoundCall extends CallItem {
  readonly client: string;
  readonly agent: string | null;
  readonly effect: 'read' | 'write' | null;
  readonly approvalId?: string;
  readonly found?: readonly string[];
}

/** What one call did, for somebody who follows a customer through the record. */
export const changeText = (number: number, item: FoundCall, transcript: Transcript): string => {
  const { id, time, principal, client, agent, effect, server, tool, decision, rules, outcome, found } = item;
  return [
    `${number}. ${time}  ${(effect ?? 'unknown').toUpperCase()}  ${server}/${tool}  ${outcome}`,
    `  who       ${principal} through ${agent ?? 'an unnamed agent'} (client ${client})`,
    `  decision  ${decision ?? 'none'} by ${rules.join(', ') || 'no rule'}`,
    ...approvalLines(transcript.approval),
    ...(found === undefined ? [] : [`  value in  ${found.join(', ')}`]),
    '  arguments',
    block(argumentsOf(transcript)),
    `  show it   countersign show ${id}`,
    `  replay it countersign replay --call ${id}`,
    `  prove it  countersign evidence export --call ${id} --out ${id}.zip`,
  ].join('\n');
};

/** The arguments of a tool or prompt; of everything else the whole request. */
const argumentsOf = ({ request }: Transcript): unknown =>
  (request as { readonly arguments?: unknown } | null)?.arguments ?? request;

const approvalLines = (approval: Transcript['approval']): readonly string[] =>
  approval === null
    ? []
    : [
        `  approval  ${approval.id}`,
        ...approval.events.flatMap(({ time, data }) => {
          const { vote, approver, reason } = data as {
            vote?: string;
            approver?: { principal?: string };
            reason?: string;
          };
          if (vote === undefined || approver?.principal === undefined) return [];
          return [`    ${time}  ${vote} by ${approver.principal}${reason ? `: ${reason}` : ''}`];
        }),
      ];

/** How many calls read and how many wrote, and what became of the writes. */
export const summaryText = (items: readonly FoundCall[]): string => {
  const writes = items.filter(({ effect }) => effect === 'write');
  const outcomes = new Map<string, number>();
  for (const { outcome } of writes) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  const became = [...outcomes].map(([outcome, count]) => `${count} ${outcome}`).join(', ');
  const reads = items.filter(({ effect }) => effect === 'read').length;
  return `${items.length} calls: ${reads} reads, ${writes.length} writes${became === '' ? '' : ` (${became})`}`;
};
