import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Logger, pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Bus } from '#bus/bus.js';
import { InProcessTransport, inProcessBus } from '#bus/in-process/in-process-bus.js';
import { type Config, configSchema } from '#config/config.schema.js';
import { ledgerAppend, ledgerReadAll } from '#contracts/ledger.js';
import { CountersignError } from '#core/errors.js';
import { buildAppend } from '#core/evidence/build-append.js';
import type { Entry } from '#core/evidence/entry.js';
import { readEntry } from '#core/evidence/read-entry.js';
import type { Digest } from '#core/hash.js';
import { ACTIVATION_STREAM, type PolicyActivated, policyStream } from '#core/policy/policy.events.js';
import { decideProposal, decideProposalVote } from '#core/policy/proposal/decide-proposal.js';
import { parsePolicyFile } from '#policy-file/parse-policy-file.js';
import { sha256 } from '#sealing/sha256.js';
import { type RunningService, startService } from '#service/start-service.js';
import { LedgerModule } from '../../apps/ledger/ledger.module.js';
import { openEventStore } from '../../apps/ledger/open-event-store.js';
import { Activator } from '../../apps/policy/activator.js';
import { ActivePolicy, UNCONFIRMED_MS_MAX } from '../../apps/policy/active-policy.js';
import { Bundles } from '../../apps/policy/bundles.js';
import { PolicyBus } from '../../apps/policy/policy.bus.js';
import { PolicyLog } from '../../apps/policy/policy-log.js';
import { POLICY_SERVICE } from '../../apps/policy/policy-service.js';
import { ProposalStreams } from '../../apps/policy/proposal-streams.js';

const text = (name: string): string => `policy: 1
name: ${name}
default: deny
roles:
  policy-owner: { groups: [OWNERS] }
operations:
  any: { kind: read, tools: [s/t] }
rules:
  - { id: A-1, says: Owners read., roles: [policy-owner], allow: [any] }
tests:
  - { as: policy-owner, call: s/t, expect: allow A-1 }
`;
const FILES = { a: text('a'), b: text('b'), c: text('c') };
const compiled = (name: keyof typeof FILES) => parsePolicyFile(FILES[name], name);
const person = (name: string) => ({ principal: name, issuer: 'https://idp', subject: name });
const LATER = '2999-01-01T00:00:00.000Z';

let folder: string;
let bus: Bus;
let ledger: RunningService;
let running: Activator[];
let warned: unknown[][];
const logger = {
  ...pino({ level: 'silent' }),
  info: () => undefined,
  debug: () => undefined,
  warn: (...said: unknown[]) => warned.push(said),
} as unknown as Logger;

const configOf = (mode: Config['mode']): Config =>
  configSchema.parse({ mode, policy_file: 'p', data_dir: folder, http: { port: 0 } });

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'activator-'));
  running = [];
  warned = [];
  const config = configOf('production');
  const transport = new InProcessTransport(() => undefined);
  bus = inProcessBus(transport);
  const modules = [LedgerModule.forRoot(await openEventStore(config))];
  const quiet = pino({ level: 'silent' });
  ledger = await startService({ config, logger: quiet, bus, transport, modules, readiness: {} });
});
afterEach(async () => {
  for (const activator of running) await activator.onApplicationShutdown();
  await ledger.close();
  rmSync(folder, { recursive: true });
});

/** One policy process: what the module makes, started. `ledgerBus`: its own way to the ledger. */
const replica = async (
  file: keyof typeof FILES,
  mode: Config['mode'] = 'production',
  ledgerBus: Bus = bus,
) => {
  const { bundle, digest } = compiled(file);
  const bundles = new Bundles(ledgerBus);
  const active = new ActivePolicy();
  const log = new PolicyLog(ledgerBus, logger);
  const streams = new ProposalStreams(ledgerBus);
  const config = configOf(mode);
  const parts = [ledgerBus, config, logger, { bundle, digest }, bundles, active, log, streams] as const;
  const activator = new Activator(...parts);
  running.push(activator);
  await activator.onApplicationBootstrap();
  return { active, activator, bundles, log, streams, edge: new PolicyBus(active, activator) };
};
type Replica = Awaited<ReturnType<typeof replica>>;

const nameOf = ({ active }: Replica): string => active.get().policy.bundle.name;
const untilNamed = async (of: Replica, name: string): Promise<void> => {
  await expect.poll(() => nameOf(of)).toBe(name);
};
const recorded = async (...types: readonly string[]): Promise<readonly Entry[]> => {
  const { events } = await bus.request(ledgerReadAll, { limit: 1_000, types: [...types], wait_ms: 0 });
  return events.map(({ entry }) => readEntry(entry));
};
const activations = async () =>
  (await recorded('PolicyActivated')).map(({ stream, data }) => ({
    ...(data as unknown as PolicyActivated['data']),
    stream,
  }));

/** A proposal on record, to replace one policy by another. */
const propose = async (
  { bundles, streams }: Replica,
  file: keyof typeof FILES,
  replaces: Digest,
  expiresAt = LATER,
): Promise<string> => {
  const { bundle, digest } = compiled(file);
  const id = randomUUID();
  const bytes = Buffer.from(FILES[file]);
  const events = decideProposal(sha256, {
    request: {
      proposal: id,
      policyDigest: digest,
      name: bundle.name,
      replaces,
      proposer: { ...person('one'), client: 'cli' },
      reason: 'a reason',
      requirements: [{ by: ['policy-owner'], count: 1 }],
      expiresAt,
    },
    text: { commit: sha256(bytes), bytes: bytes.length },
    isMachine: false,
    roles: Object.keys(bundle.roles),
  });
  await bundles.record(digest, bundle);
  await streams.execute(id, POLICY_SERVICE, () => events, bytes);
  return id;
};
/** The vote alone: the process that counted it dies before it activates anything. */
const approve = async (
  { streams }: Replica,
  id: string,
  active: Digest,
  now = '2026-11-28T12:00:00.000Z',
): Promise<void> => {
  await streams.execute(id, POLICY_SERVICE, (state) =>
    decideProposalVote(
      state,
      {
        vote: 'approve',
        approver: person('two'),
        roles: ['policy-owner'],
        isMachine: false,
        digest: state.status === 'none' ? undefined : state.request.digest,
        reason: undefined,
        now,
      },
      active,
    ),
  );
};
const append = (stream: string, data: PolicyActivated['data'], expected: number) => {
  const event: PolicyActivated = { type: 'PolicyActivated', v: 1, data };
  const time = new Date().toISOString();
  const context = { stream, expected, time, actor: POLICY_SERVICE, correlation: 'c', causation: 'c' };
  return bus.request(ledgerAppend, buildAppend({ ...context, newId: randomUUID }, [{ event }]));
};

const { digest: A } = compiled('a');
const { digest: B } = compiled('b');
const { digest: C } = compiled('c');

describe('the policy file', () => {
  it('is activated at the first start, once, by whichever of several replicas is first', async () => {
    const replicas = await Promise.all([replica('a'), replica('a'), replica('a')]);
    expect(replicas.map(nameOf)).toEqual(['a', 'a', 'a']);
    expect(await activations()).toMatchObject([{ stream: ACTIVATION_STREAM, digest: A, by: 'file' }]);
    expect(await recorded('PolicyRecorded')).toHaveLength(1);
  });

  it('that has changed is not activated by a restart in production: the last active one holds, and the log says what to do', async () => {
    await replica('a');
    const restarted = await replica('b');
    expect(nameOf(restarted)).toBe('a');
    expect(await activations()).toHaveLength(1);
    expect(JSON.stringify(warned)).toContain('countersign policy propose FILE');
  });

  it('that has changed is activated by a restart in development, for all replicas, and the same file not again', async () => {
    const first = await replica('a', 'development');
    expect(nameOf(await replica('b', 'development'))).toBe('b');
    await untilNamed(first, 'b');
    await replica('b', 'development');
    expect(await activations()).toMatchObject([{ digest: A }, { digest: B, by: 'file', replaces: A }]);
  });

  it('that was active before there was one line of activations goes on to hold', async () => {
    const { bundles } = await replica('c', 'development');
    await bundles.record(B, compiled('b').bundle);
    await append(policyStream(B), { digest: B, instance: 'old' }, 0);
    expect(nameOf(await replica('a'))).toBe('b');
  });
});

describe('an approved proposal', () => {
  it('is activated by every replica that lives, though the one that counted the vote has died, and recorded once', async () => {
    const [one, other] = [await replica('a'), await replica('a')];
    const id = await propose(one, 'b', A);
    expect(nameOf(other)).toBe('a');
    await approve(one, id, A);
    await untilNamed(one, 'b');
    await untilNamed(other, 'b');
    expect((await activations()).slice(1)).toMatchObject([
      { digest: B, by: 'proposal', proposal: id, replaces: A },
    ]);
  });

  it('is activated at the next start when nobody lived to do it', async () => {
    const first = await replica('a');
    const id = await propose(first, 'b', A);
    await first.activator.onApplicationShutdown();
    await approve(first, id, A);
    expect(await activations()).toHaveLength(1);
    const next = await replica('a');
    await untilNamed(next, 'b');
  });

  it('loses against another one that was activated first: one of two, never both', async () => {
    const first = await replica('a');
    const ids = [await propose(first, 'b', A), await propose(first, 'c', A)];
    await first.activator.onApplicationShutdown();
    for (const id of ids) await approve(first, id, A);
    const replicas = await Promise.all([replica('a'), replica('a')]);
    for (const each of replicas) await untilNamed(each, 'b');
    await expect.poll(async () => (await recorded('PolicyProposalSuperseded')).length).toBe(1);
    expect((await activations()).map(({ proposal }) => proposal)).toEqual([undefined, ids[0]]);
    expect((await recorded('PolicyProposalSuperseded')).map(({ stream }) => stream)).toEqual([
      `proposal-${ids[1]}`,
    ]);
  });

  it('is not activated once its time is over, which is put on record', async () => {
    const first = await replica('a');
    const now = Date.now();
    const id = await propose(first, 'b', A, new Date(now - 1_000).toISOString());
    await first.activator.onApplicationShutdown();
    await approve(first, id, A, new Date(now - 2_000).toISOString());
    const next = await replica('a');
    await expect.poll(async () => (await recorded('PolicyProposalExpired')).length).toBe(1);
    expect(nameOf(next)).toBe('a');
  });
});

describe('the ledger stores no activation', () => {
  let one: Replica;
  let id: string;
  const proposal = (more: Partial<PolicyActivated['data']> = {}) => ({
    digest: B,
    instance: 'i',
    by: 'proposal' as const,
    proposal: id,
    replaces: A,
    ...more,
  });
  beforeEach(async () => {
    one = await replica('a');
    id = await propose(one, 'b', A);
    await one.activator.onApplicationShutdown();
  });

  it.each<[string, string, boolean, () => Promise<unknown>]>([
    [
      'of a proposal that nobody has approved',
      'approval_stale',
      false,
      () => append(ACTIVATION_STREAM, proposal(), 0),
    ],
    [
      'of no proposal',
      'approval_stale',
      true,
      () => append(ACTIVATION_STREAM, proposal({ proposal: 'x' }), 0),
    ],
    [
      'of another policy than the approved one',
      'approval_stale',
      true,
      () => append(ACTIVATION_STREAM, proposal({ digest: C }), 0),
    ],
    [
      'in place of another policy than the active one',
      'approval_stale',
      true,
      () => append(ACTIVATION_STREAM, proposal({ replaces: C }), 0),
    ],
    [
      'of a proposal beside the one line of them',
      'body_invalid',
      true,
      () => append(policyStream(B), proposal(), 0),
    ],
    [
      'on what was not the last one',
      'revision_conflict',
      true,
      () => append(ACTIVATION_STREAM, proposal(), -1),
    ],
  ])('%s: %s', async (_, code, isApproved, act) => {
    if (isApproved) await approve(one, id, A);
    await expect(act()).rejects.toMatchObject({ code });
    expect(await activations()).toHaveLength(1);
  });
});

it('nothing is decided while the active policy cannot be read', async () => {
  const one = await replica('a');
  await append(ACTIVATION_STREAM, { digest: C, instance: 'i', by: 'file', replaces: A }, 0);
  await expect
    .poll(() => {
      try {
        return nameOf(one);
      } catch (error) {
        return (error as { code?: string }).code;
      }
    })
    .toBe('policy_unavailable');
});

describe('a replica that is cut off from the ledger', () => {
  const FACTS = {
    groups: ['OWNERS'],
    server: 's',
    tool: 't',
    args: Buffer.from('{}'),
    token: {},
    now: '2026-11-28T12:00:00.000Z',
  };
  /** The policy by which it decides, or why it does not. */
  const decidesBy = ({ edge }: Replica, stale?: Digest): Promise<string> =>
    edge.decide({ ...FACTS, stale }).then(
      ({ policyDigest }) => policyDigest,
      (error: { code?: string }) => String(error.code),
    );
  let away = false;
  const cut: Bus = {
    request: async (contract, request) => {
      if (away) throw new CountersignError(contract.unavailable);
      return bus.request(contract, request);
    },
    close: async () => undefined,
  };
  /** The clock of this process goes on; nobody waits for it. */
  const passes = (ms: number): void => {
    const now = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => now() + ms);
  };
  afterEach(() => {
    away = false;
    vi.restoreAllMocks();
  });

  it('decides nothing once it has not seen the log for too long, and goes on by itself with the policy of then', async () => {
    const [one, other] = [await replica('a'), await replica('a', 'production', cut)];
    away = true;
    const id = await propose(one, 'b', A);
    await approve(one, id, A);
    await untilNamed(one, 'b');
    expect(other.active.is(A)).toBe(true);
    passes(UNCONFIRMED_MS_MAX + 1);
    expect(await decidesBy(other)).toBe('policy_unavailable');
    for (const ask of [
      () => other.edge.roles({ groups: ['OWNERS'] }),
      () => other.edge.filter({ groups: ['OWNERS'], tools: [] }),
      () => other.edge.delegation(),
    ])
      await expect(ask()).rejects.toMatchObject({ code: 'policy_unavailable' });
    expect(await decidesBy(one)).toBe(B);
    away = false;
    expect(await decidesBy(other)).toBe(B);
  });

  it('looks before it decides when it is told that its policy is not the active one any more', async () => {
    const [one, other] = [await replica('a'), await replica('a', 'production', cut)];
    away = true;
    const id = await propose(one, 'b', A);
    await approve(one, id, A);
    await untilNamed(one, 'b');
    away = false;
    expect(await decidesBy(other, A)).toBe(B);
  });
});
