import { type Requirement, requirementText } from '#core/approval/requirement.js';
import { visibleStrings } from '#core/visible-text.js';
import { type Command, EXIT_FINE, type Invocation, textOption, UsageError } from '../command.js';
import { block, printJson } from '../print.js';
import { openApi, query, SERVER_OPTIONS, serverHelp } from '../server/api.js';
import {
  breakGlass,
  EMERGENCY_OPTIONS,
  type EmergencyView,
  emergencyLines,
  review,
} from './approval-emergency.js';
import { approvalReport, REPORT_OPTIONS } from './approval-report.js';
import type { Page } from './calls.js';

export interface ApprovalItem extends EmergencyView {
  readonly id: string;
  readonly status: string;
  readonly digest: string;
  readonly callId: string;
  readonly requester: { readonly principal: string; readonly agent: string };
  readonly server: string;
  readonly tool: string;
  readonly arguments: unknown;
  readonly reasons: readonly { readonly id: string; readonly says: string }[];
  readonly votes: readonly {
    readonly approver: string;
    readonly onBehalfOf?: string;
    readonly vote: string;
    readonly reason: string;
  }[];
  readonly quorum: readonly Requirement[];
  readonly distinct: boolean;
  readonly expiresAt: string;
  readonly grant?: {
    readonly uses: number;
    readonly for_s: number;
    readonly same: readonly string[];
    readonly limits: readonly string[];
    readonly used: number;
    readonly until?: string;
    readonly revoked?: { readonly by: string; readonly reason: string };
  };
}

export const approvals: Command = {
  help: [
    'usage: countersign approvals [list] [--status STATUS] [--limit N] [--cursor C] [--json] [--server URL]',
    '       countersign approvals [list] --review due',
    '       countersign approvals withdraw ID [--reason TEXT]',
    '       countersign approvals revoke ID [--reason TEXT]',
    '       countersign approvals break-glass ID --digest DIGEST --reason TEXT',
    '       countersign approvals review ID --verdict justified|not_justified --reason TEXT',
    '       countersign approvals report pending|decisions|duties [--from T] [--to T] [--limit N] [--csv]',
    '',
    'Lists the approvals you may see, with masked arguments and the digest to approve.',
    '  --status STATUS  pending (default), granted, used, denied, expired, withdrawn or all',
    '  --review due     those that were granted by break-glass and that nobody has reviewed',
    'withdraw: takes back what you asked for yourself, as long as it has not run; it ends the held call.',
    'revoke: no further call runs under the grant of this approval, nor its own if it has not run yet.',
    'break-glass: one of the two people whom policy lets grant a call in an emergency; review: looks at it afterwards.',
    'report: what waits by age; how long decisions took; who decided for whom. For auditors; each look is recorded.',
    '  --from T, --to T  of requests made, for "decisions" of decisions made, in this time; without its end;',
    '                   instants with their offset, such as 2026-01-31T00:00:00Z',
    serverHelp('manager-1, for withdraw data-engineer, for review examiner, for report auditor'),
  ].join('\n'),
  options: {
    ...SERVER_OPTIONS,
    ...REPORT_OPTIONS,
    ...EMERGENCY_OPTIONS,
    review: { type: 'string' },
    status: { type: 'string' },
    limit: { type: 'string' },
    cursor: { type: 'string' },
  },
  positionals_max: 2,
  run: async (invocation) => {
    const [verb = 'list', ...words] = invocation.positionals;
    switch (verb) {
      case 'list':
        return list(invocation);
      case 'break-glass':
        return show(invocation, await breakGlass(invocation, words));
      case 'review':
        return show(invocation, await review(invocation, words));
      case 'withdraw':
        return show(invocation, await takeBack(invocation, 'withdraw', 'data-engineer', words));
      case 'revoke':
        return show(invocation, await takeBack(invocation, 'revoke', 'manager-1', words));
      case 'report':
        return approvalReport(invocation, words);
      default:
        throw new UsageError(`"${verb}": expected list, withdraw, revoke, break-glass, review or report`);
    }
  },
};

const show = (invocation: Invocation, item: ApprovalItem): number => {
  if (invocation.values['json'] === true) printJson(item);
  else console.log(approvalText(item));
  return EXIT_FINE;
};

const list = async (invocation: Invocation): Promise<number> => {
  const due = textOption(invocation, 'review');
  const status = textOption(invocation, 'status') ?? (due === undefined ? 'pending' : 'all');
  const [limit, cursor] = [textOption(invocation, 'limit'), textOption(invocation, 'cursor')];
  const api = await openApi(invocation, 'manager-1');
  const path = `/approvals${query({ status: status === 'all' ? undefined : status, review: due, limit, cursor })}`;
  const page = await api.get<Page<ApprovalItem>>(path);
  if (invocation.values['json'] === true) printJson(page);
  else console.log(page.items.length === 0 ? 'no approvals' : page.items.map(approvalText).join('\n\n'));
  if (page.next !== null && invocation.values['json'] !== true) console.log(`\nmore: --cursor ${page.next}`);
  return EXIT_FINE;
};

/** Ends what the caller asked for, or a grant. */
const takeBack = async (
  invocation: Invocation,
  verb: 'withdraw' | 'revoke',
  user: string,
  [id, more]: readonly string[],
): Promise<ApprovalItem> => {
  if (id === undefined || id === '' || more !== undefined)
    throw new UsageError(`${verb}: expected one approval id`);
  const reason = textOption(invocation, 'reason');
  const api = await openApi(invocation, user);
  const body = reason === undefined ? {} : { reason };
  return api.post<ApprovalItem>(`/approvals/${encodeURIComponent(id)}/${verb}`, body);
};

const grantText = ({
  uses,
  for_s,
  same,
  limits,
  used,
  until,
  revoked,
}: NonNullable<ApprovalItem['grant']>) => {
  const alike = [...same.map((path) => `the same ${path}`), ...limits].join(', ');
  const left = until === undefined ? `within ${for_s} s of the grant` : `until ${until}, ${used} used`;
  const ended = revoked === undefined ? '' : `; revoked by ${revoked.by}: "${revoked.reason}"`;
  return `${uses} calls with ${alike || 'any arguments'}, ${left}${ended}`;
};

const needsText = ({ quorum, distinct }: ApprovalItem): string =>
  quorum.map(requirementText).join(' and ') + (distinct && quorum.length > 1 ? ', different people' : '');

const voteText = ({ approver, onBehalfOf, vote, reason }: ApprovalItem['votes'][number]): string => {
  const who = onBehalfOf === undefined ? approver : `${approver} on behalf of ${onBehalfOf}`;
  return `${who}: ${vote}${reason === '' ? '' : `, "${reason}"`}`;
};

/** People choose these texts, agents their own names: none of them adds a line, hides what follows or drives the terminal. */
export const approvalText = (received: ApprovalItem): string => {
  const item = visibleStrings(received);
  return [
    `approval ${item.id}: ${item.status}, expires ${item.expiresAt}`,
    `  who        ${item.requester.principal}${item.requester.agent === '' ? '' : ` through ${item.requester.agent}`}`,
    `  wants      ${item.server}/${item.tool}`,
    block(received.arguments),
    ...item.reasons.map(({ id, says }) => `  because    ${id}: ${says}`),
    `  needs      ${needsText(item)}`,
    ...item.votes.map((vote) => `  voted      ${voteText(vote)}`),
    ...(item.grant === undefined ? [] : [`  covers     ${grantText(item.grant)}`]),
    ...emergencyLines(item),
    `  digest     ${item.digest}`,
  ].join('\n');
};
