import { describe, expect, it } from 'vitest';
import type { Bus } from '#bus/bus.js';
import { configSchema } from '#config/config.schema.js';
import { readEntry } from '#core/evidence/read-entry.js';
import type { RestCaller } from '#http/rest-caller.js';
import { Approvals } from '../approvals.js';
import type { ActingFor } from '../delegation/acting.js';
import { Directory } from '../directory.js';
import type { FollowLog } from '../follow-log.js';
import type { ShownArguments } from '../shown-arguments.js';
import { VisibleApprovals } from '../visible-approvals.js';
import { ApprovalHttp } from './approval.http.js';

const STRANGER = {
  ...{ principal: 'eve', issuer: 'https://id.bank.example', subject: 'u-6', clientId: 'web' },
  ...{ groups: [], roles: [], scopes: [], claims: {}, isMachine: false, expiresAt: 0 },
} satisfies RestCaller;

const readerOf = (recorded: unknown[]): ApprovalHttp => {
  const bus: Bus = {
    request: async (contract, request) => {
      const { events = [] } = request as { readonly events?: readonly { readonly entry: Uint8Array }[] };
      recorded.push(...events.map(({ entry }) => readEntry(entry)));
      return contract.reply.parse({ stream: 'refusal-x', revision: 0, position: '1', events: [] });
    },
    close: async () => undefined,
  };
  const caughtUp = { requireCaughtUp: () => undefined } as FollowLog;
  const directory = new Directory({ ms: 60_000, max: 1_000 });
  const visible = new VisibleApprovals(
    new Approvals(bus, directory),
    directory,
    caughtUp,
    {} as ActingFor,
    {} as ShownArguments,
    configSchema.parse({ policy_file: 'p' }),
    bus,
  );
  const none = {} as never;
  return new ApprovalHttp(none, visible, none, none, none, none, bus);
};

describe('a look at an approval', () => {
  it('that does not exist for the caller is on record before it is refused', async () => {
    const recorded: unknown[] = [];
    await expect(readerOf(recorded).one(STRANGER, 'a-1')).rejects.toMatchObject({ code: 'approval_unknown' });
    expect(recorded).toMatchObject([
      {
        actor: { kind: 'caller', principal: 'eve' },
        data: { code: 'approval_unknown', where: 'approvals', about: { approvalId: 'a-1', act: 'show' } },
      },
    ]);
  });
});
