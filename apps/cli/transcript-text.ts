import { block } from './print.js';

interface RecordedEvent {
  readonly id: string;
  readonly type: string;
  readonly time: string;
  readonly data: { readonly [name: string]: unknown };
}

/** What `GET /ledger/calls/{id}` answers. */
export interface Transcript {
  readonly id: string;
  readonly time: string;
  readonly caller: { readonly principal: string; readonly groups: readonly string[] };
  readonly agent: { readonly name: string; readonly version: string } | null;
  readonly endpoint: string;
  readonly server: string;
  readonly tool: string;
  readonly request: unknown;
  readonly decisions: readonly {
    readonly time: string;
    readonly policyDigest: string;
    readonly decision: { readonly effect: string; readonly rules: readonly string[] };
  }[];
  readonly approval: { readonly id: string; readonly events: readonly RecordedEvent[] } | null;
  readonly masking: {
    readonly counts: { readonly [kind: string]: number };
    readonly findings: unknown;
  } | null;
  readonly response: unknown;
  readonly outcome: { readonly type: string | null; readonly reason?: string };
  readonly events: readonly RecordedEvent[];
}

/** A transcript for reading. @param lines_max of the request and of the response; everything when not given */
export const transcriptText = (transcript: Transcript, lines_max?: number): string => {
  const { id, time, caller, agent, endpoint, server, tool, request, response, outcome } = transcript;
  return [
    `call ${id}, ${time}`,
    `  who       ${caller.principal} (${caller.groups.join(', ') || 'no groups'}) through ${agentText(agent)} at ${endpoint}`,
    `  tool      ${server}/${tool}`,
    '  request',
    block(request, lines_max),
    ...transcript.decisions.flatMap(decisionLines),
    ...approvalLines(transcript.approval),
    ...maskingLines(transcript.masking),
    '  response',
    block(response, lines_max),
    `  outcome   ${outcome.type ?? 'open'}${outcome.reason === undefined ? '' : `: ${outcome.reason}`}`,
    '  events',
    ...transcript.events.map((event) => `    ${event.time}  ${event.type}  ${event.id}`),
  ].join('\n');
};

const agentText = (agent: Transcript['agent']): string =>
  agent === null ? 'an unnamed agent' : `${agent.name} ${agent.version}`;

const decisionLines = ({
  time,
  policyDigest,
  decision,
}: Transcript['decisions'][number]): readonly string[] => [
  `  decision  ${decision.effect} by ${decision.rules.join(', ') || 'no rule'} at ${time} under policy ${policyDigest}`,
];

const approvalLines = (approval: Transcript['approval']): readonly string[] =>
  approval === null
    ? []
    : [
        `  approval  ${approval.id}`,
        ...approval.events.map((event) => `    ${event.time}  ${event.type}${approverOf(event)}`),
      ];

const approverOf = ({ data }: RecordedEvent): string => {
  const approver = data['approver'] as { principal?: string } | undefined;
  return approver?.principal === undefined ? '' : ` by ${approver.principal}`;
};

const maskingLines = (masking: Transcript['masking']): readonly string[] => {
  if (masking === null) return [];
  const counts = Object.entries(masking.counts).map(([kind, count]) => `${count} ${kind}`);
  return [`  masked    ${counts.join(', ') || 'nothing'}`];
};
