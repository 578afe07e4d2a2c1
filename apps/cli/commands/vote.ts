import { type Command, EXIT_FINE, requiredOption, requiredWord, textOption } from '../command.js';
import { printJson } from '../print.js';
import { openApi, SERVER_OPTIONS, serverHelp } from '../server/api.js';
import { type ApprovalItem, approvalText } from './approvals.js';

const voteCommand = (verb: 'approve' | 'deny', usage: string, says: string): Command => ({
  help: [
    `usage: countersign ${verb} APPROVAL_ID --digest DIGEST ${usage} [--json] [--server URL]`,
    '',
    says,
    '  --digest DIGEST  the one that "countersign approvals" shows: it binds your vote to exactly that call',
    '  --delegation ID  vote for who has given you this delegation',
    serverHelp('manager-1'),
  ].join('\n'),
  options: {
    ...SERVER_OPTIONS,
    digest: { type: 'string' },
    reason: { type: 'string' },
    delegation: { type: 'string' },
  },
  positionals_max: 1,
  run: async (invocation) => {
    const id = requiredWord(invocation, 'APPROVAL_ID');
    const digest = requiredOption(invocation, 'digest', 'copy it from "countersign approvals"');
    const reason = textOption(invocation, 'reason');
    const api = await openApi(invocation, 'manager-1');
    const delegation = textOption(invocation, 'delegation');
    const body = {
      digest,
      ...(reason === undefined ? {} : { reason }),
      ...(delegation === undefined ? {} : { delegation }),
    };
    const item = await api.post<ApprovalItem>(`/approvals/${encodeURIComponent(id)}/${verb}`, body);
    if (invocation.values['json'] === true) printJson(item);
    else console.log(approvalText(item));
    return EXIT_FINE;
  },
});

export const approve = voteCommand(
  'approve',
  '[--reason TEXT] [--delegation ID]',
  'Approves a held call. It runs once the quorum is met and policy still agrees.',
);
export const deny = voteCommand(
  'deny',
  '--reason TEXT [--delegation ID]',
  'Denies a held call. The requester reads the reason.',
);
