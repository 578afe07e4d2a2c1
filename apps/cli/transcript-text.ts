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
  readonly method: string;
  readonly server: string;
  /** Name of the tool or prompt; for everything else the method. */
  readonly tool: string;
  readonly continues?: string;
  readonly continuedBy?: string;
  readonly request: unknown;
  readonly decisions: readonly {
    readonly time: string;
    readonly policyDigest: string;
    readonly decision: { readonly effect: string; readonly rules: readonly string[] };
  }[];
  readonly approval: { readonly id: string; readonly events: readonly RecordedEvent[] } | null;
  readonly questions: readonly Question[];
  readonly masking: {
    readonly counts: { readonly [kind: string]: number };
    readonly findings: unknown;
  } | null;
  readonly response: unknown;
  readonly outcome: { readonly type: string | null; readonly reason?: string };
  readonly events: readonly RecordedEvent[];
}

interface Question {
  readonly question: number;
  readonly time: string;
  readonly method: string;
  readonly decision: { readonly effect: string; readonly rules: readonly string[] };
  /** Why it was not asked. */
  readonly because: string | null;
  readonly shown: unknown;
  readonly answer: { readonly time: string; readonly outcome: string; readonly given: unknown } | null;
}

/** A transcript for reading. @param lines_max of the request and of the response; everything when not given */
export const transcriptText = (transcript: Transcript, lines_max?: number): string => {
  const { id, time, caller, agent, endpoint, method, request, response, outcome } = transcript;
  return [
    `call ${id}, ${time}`,
    `  who       ${caller.principal} (${caller.groups.join(', ') || 'no groups'}) through ${agentText(agent)} at ${endpoint}`,
    `  method    ${method}`,
    `  target    ${targetText(transcript)}`,
    ...continuationLines(transcript),
    '  request',
    block(request, lines_max),
    ...transcript.decisions.flatMap(decisionLines),
    ...approvalLines(transcript.approval),
    ...transcript.questions.flatMap((question) => questionLines(question, lines_max)),
    ...maskingLines(transcript.masking),
    '  response',
    block(response, lines_max),
    `  outcome   ${outcome.type ?? 'open'}${outcome.reason === undefined ? '' : `: ${outcome.reason}`}`,
    '  events',
    ...transcript.events.map((event) => `    ${event.time}  ${event.type}  ${event.id}`),
  ].join('\n');
};

/** A resource stands in the request only, which is sealed in the ledger because a URI may hold personal data. */
const targetText = ({ server, method, tool, request }: Transcript): string => {
  const uri = (request as { readonly uri?: unknown } | null)?.uri;
  return `${server}/${tool === method && typeof uri === 'string' ? uri : tool}`;
};

const continuationLines = ({ continues, continuedBy }: Transcript): readonly string[] => [
  ...(continues === undefined ? [] : [`  continues ${continues}`]),
  ...(continuedBy === undefined ? [] : [`  went on   in call ${continuedBy}`]),
];

const questionLines = (
  { question, time, method, decision, because, shown, answer }: Question,
  lines_max: number | undefined,
): readonly string[] => [
  `  question  ${question}: ${method} at ${time}, ${decision.effect} by ${decision.rules.join(', ') || 'no rule'}`,
  ...(because === null ? [] : [`    not asked: ${because}`]),
  block(shown, lines_max),
  `  answer    ${answer === null ? 'none' : `${answer.outcome} at ${answer.time}`}`,
  ...(answer === null || answer.given === null ? [] : [block(answer.given, lines_max)]),
];

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
