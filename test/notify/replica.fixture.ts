import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Bus } from '#bus/bus.js';
import { ledgerAppend, ledgerReadAll, ledgerReadStream } from '#contracts/ledger.js';
import type { ApprovalEvent, ApprovalRequested } from '#core/approval/approval.events.js';
import { CountersignError } from '#core/errors.js';
import { readEntry } from '#core/evidence/read-entry.js';
import { openSqliteEventStore } from '#event-store/sqlite/open-sqlite-event-store.js';
import { inProcessJobs } from '#jobs/in-process-jobs.js';
import { APPROVAL_SERVICE, Approvals } from '../../apps/approval/approvals.js';
import { CloseCall } from '../../apps/approval/close-call.js';
import { DelegationDirectory } from '../../apps/approval/delegation/delegation-directory.js';
import { Directory } from '../../apps/approval/directory.js';
import { EmergencyAlarms } from '../../apps/approval/emergency-alarms.js';
import { Expiry, type JobsFactory } from '../../apps/approval/expiry.js';
import { FollowLog } from '../../apps/approval/follow-log.js';
import type { Channel, Notice, Sent } from '../../apps/approval/notify/channel.js';
import { Outbox } from '../../apps/approval/notify/outbox.js';
import { SendNotice } from '../../apps/approval/notify/send-notice.js';
import { SignedOut } from '../../apps/approval/page/signed-out.js';
import { ShownArguments } from '../../apps/approval/shown-arguments.js';
import { LedgerBus } from '../../apps/ledger/bus/ledger.bus.js';
import { Instances } from '../../apps/ledger/instances.js';
import { Ledger } from '../../apps/ledger/ledger.js';

/** A real ledger over a real store, and a bus to it that the test can interrupt. */
export const openLedger = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-notify-'));
  const store = await openSqliteEventStore({ file: join(folder, 'events.db') });
  const edge = new LedgerBus(new Ledger(store), new Instances());
  const answers: Readonly<Record<string, (request: never) => unknown>> = {
    [ledgerAppend.subject]: (request) => edge.append(request),
    [ledgerReadStream.subject]: (request) => edge.readStream(request),
    [ledgerReadAll.subject]: (request) => edge.readAll(request),
  };
  let isAway = false;
  const bus: Bus = {
    request: async (contract, request) => {
      const answer = answers[contract.subject];
      if (isAway || answer === undefined) throw new CountersignError(contract.unavailable);
      return contract.reply.parse(await answer(request as never));
    },
    close: async () => undefined,
  };
  return {
    bus,
    setAway: (away: boolean): void => {
      isAway = away;
    },
    read: async (stream: string) => (await store.readStream(stream)).map(({ entry }) => readEntry(entry)),
    notices: async (approvalId: string) => {
      const { events } = await store.readAll({ limit: 1_000 });
      return events
        .map(({ entry }) => readEntry(entry))
        .filter(({ stream }) => stream.startsWith(`notice-${approvalId}.`));
    },
    close: async (): Promise<void> => {
      await store.close();
      await rm(folder, { recursive: true });
    },
  };
};
export type TestLedger = Awaited<ReturnType<typeof openLedger>>;

const logger = pino({ enabled: false });
const IN_PROCESS: JobsFactory = (handler, onError) => inProcessJobs(handler, onError);

/** The approval service as it is, with channels of the test. */
export const startReplica = async (
  bus: Bus,
  channels: readonly Channel[],
  jobs: JobsFactory = IN_PROCESS,
) => {
  const directory = new Directory();
  const approvals = new Approvals(bus, directory);
  const expiry = new Expiry(jobs, approvals, new CloseCall(bus), directory, logger);
  const send = new SendNotice(
    bus,
    directory,
    new ShownArguments(bus),
    () => 'https://gateway.example',
    logger,
  );
  const outbox = new Outbox(channels, send, directory, logger);
  const log = new FollowLog(
    bus,
    directory,
    new DelegationDirectory(),
    expiry,
    outbox,
    new EmergencyAlarms(bus, logger),
    new SignedOut(3_600),
    logger,
  );
  log.onApplicationBootstrap();
  return {
    approvals,
    directory,
    expiry,
    /** Nothing of it goes on after this, as after a crash: what it was about to do stays undone. */
    stop: async (): Promise<void> => {
      await outbox.onApplicationShutdown();
      await log.onApplicationShutdown();
      await expiry.onApplicationShutdown();
    },
  };
};
export type Replica = Awaited<ReturnType<typeof startReplica>>;

const DIGEST = `sha256:${'d'.repeat(64)}` as const;

export const request = async (
  { approvals }: Replica,
  change: Partial<ApprovalRequested['data']> = {},
): Promise<string> => {
  const approvalId = randomUUID();
  const requested: ApprovalRequested = {
    type: 'ApprovalRequested',
    v: 1,
    data: {
      callId: randomUUID(),
      digest: DIGEST,
      attachKey: approvalId,
      requester: { principal: 'dana', issuer: 'i', subject: 's', client: 'c', agent: 'a' },
      server: 'bank',
      tool: 'transfer',
      toolDigest: DIGEST,
      policyDigest: DIGEST,
      profileDigest: null,
      requirements: [{ by: ['manager'], count: 2 }],
      rules: [],
      requestedAt: new Date().toISOString(),
      expiresAt: new Date(Date.now() + 600_000).toISOString(),
      ...change,
    },
    payload: { commit: DIGEST, bytes: 0, kid: 'k' },
  };
  await approvals.execute(approvalId, APPROVAL_SERVICE, ({ status }) =>
    status === 'none' ? [requested] : [],
  );
  return approvalId;
};

export const happen = async (
  { approvals }: Replica,
  approvalId: string,
  ...events: ApprovalEvent[]
): Promise<void> => {
  await approvals.execute(approvalId, APPROVAL_SERVICE, ({ status }) => (status === 'pending' ? events : []));
};
export const DENIED: ApprovalEvent = { type: 'ApprovalDenied', v: 1, data: { reason: 'no' } };
/** The end of an approval by two people in an emergency. */
export const BROKEN: readonly ApprovalEvent[] = [
  { type: 'ApprovalGranted', v: 1, data: { digest: DIGEST, how: 'break-glass' } },
  {
    type: 'ReviewRequired',
    v: 1,
    data: { by: ['risk'], dueAt: new Date(Date.now() + 86_400_000).toISOString() },
  },
];
export const voted = (who: string): ApprovalEvent => ({
  type: 'ApprovalVoted',
  v: 1,
  data: {
    vote: 'approve',
    approver: { principal: who, issuer: 'i', subject: who },
    roles: ['manager'],
    digest: DIGEST,
    reason: '',
  },
});

/** A channel that keeps what it was told, and does what the test wants with it. */
export const recordingChannel = (
  name: string,
  how: (notice: Notice, previous: Sent | undefined, signal: AbortSignal) => Promise<Sent> = async ({
    id,
  }) => ({
    reference: { first: id },
  }),
): Channel & { readonly told: readonly Notice[] } => {
  const told: Notice[] = [];
  return {
    name,
    showsArguments: false,
    told,
    takes: () => true,
    deliver: (notice, previous, signal) => {
      told.push(notice);
      return how(notice, previous, signal);
    },
  };
};

export const kindsOf = (told: readonly Notice[], approvalId: string): readonly string[] =>
  told.filter((notice) => notice.approvalId === approvalId).map(({ kind }) => kind);
