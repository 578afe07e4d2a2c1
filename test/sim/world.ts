import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import type { z } from 'zod';
import { BUS, type Bus } from '#bus/bus.js';
import { configSchema } from '#config/config.schema.js';
import { approvalAwait, approvalRequest } from '#contracts/approval.js';
import type { Service } from '#contracts/contract.js';
import { ledgerReadStream, type WireEvent } from '#contracts/ledger.js';
import type { Budget } from '#core/budget/budget.js';
import { CountersignError } from '#core/errors.js';
import { buildAppend } from '#core/evidence/build-append.js';
import type { Digest } from '#core/hash.js';
import { ACTIVATION_STREAM } from '#core/policy/policy.events.js';
import { CONFIG, LOGGER } from '#http/platform.module.js';
import { REST_AUDIENCE, type RestCaller } from '#http/rest-caller.js';
import { inProcessJobs } from '#jobs/in-process-jobs.js';
import { JOBS } from '#jobs/jobs.js';
import type { Sealer } from '#sealing/sealer.js';
import { sha256 } from '#sealing/sha256.js';
import { ApprovalModule } from '../../apps/approval/approval.module.js';
import { ApprovalBus } from '../../apps/approval/bus/approval.bus.js';
import { CloseCall } from '../../apps/approval/close-call.js';
import { EarlierApprovals } from '../../apps/approval/earlier-approvals.js';
import { FollowLog } from '../../apps/approval/follow-log.js';
import { ApprovalHttp } from '../../apps/approval/http/approval.http.js';
import { CHANNELS } from '../../apps/approval/notify/channel.js';
import { Budgets } from '../../apps/ingress/budgets.js';
import type { CallRequest } from '../../apps/ingress/call/call.js';
import type { Exchange } from '../../apps/ingress/call/exchange.js';
import { ApprovalPending } from '../../apps/ingress/call/waiting/approval-pending.js';
import type { Gateway } from '../../apps/ingress/gateway.js';
import { handleCall } from '../../apps/ingress/handle-call.js';
import { LateRecords } from '../../apps/ingress/late-records.js';
import { LogLevels } from '../../apps/ingress/log-levels.js';
import { LedgerBus } from '../../apps/ledger/bus/ledger.bus.js';
import { Instances } from '../../apps/ledger/instances.js';
import { Ledger } from '../../apps/ledger/ledger.js';
import type { ActivePolicy } from '../../apps/policy/active-policy.js';
import { PolicyBus } from '../../apps/policy/policy.bus.js';
import { type MemoryEventStore, memoryEventStore } from './memory-event-store.js';
import { type Handler, Network, type Node } from './network.js';
import {
  FOLLOWS_TASKS,
  GRANT_POLICIES,
  POLICIES,
  payment,
  STRICTER_ON_TUESDAYS,
  WITHOUT_APPROVAL,
} from './people.js';
import { PlainMasking } from './plain-masking.js';
import { handlersOf, wire } from './wire.js';

const LOGGER_OFF = pino({ level: 'silent' });
/** Short, so that holds end, and are taken up again, while other things happen. */
const CONFIGURED = configSchema.parse({
  policy_file: 'p',
  approvals: { hold_ms: 2_500, progress_ms: 1_000 },
});

/** A request as the agent sees it. */
export interface Asked {
  readonly replica: number;
  readonly cancel: () => void;
  /** Undefined while it is under way. */
  ended: { readonly value: unknown } | { readonly error: unknown } | undefined;
  /** Its replica has died: the agent hears nothing any more. */
  lost: boolean;
}

export interface WorldOptions {
  readonly approvalReplicas: number;
  readonly grants: boolean;
  /** An ingress that takes every approval for granted at once: the ledger must not rely on its waiting. */
  readonly isHasty?: boolean;
  /** An approval service that asks fewer people than policy wants, for more uses. */
  readonly isLax?: boolean;
  readonly mistake?: Mistake;
  /** Of each caller; none unless said. */
  readonly budget?: Budget;
}

/** A mistake that is built in to see that it is found. */
export type Mistake =
  | 'the store ignores expected revisions'
  | 'the ledger believes the ingress'
  | 'the ledger lets every policy decide'
  | 'approvals end before their calls are closed'
  | 'an ingress does not see which states were used';

/** Seals nothing: nobody opens it here, and thousands of stories are told alike. */
const SEALER: Sealer = {
  seal: (bytes) => ({ sealed: bytes, payload: { bytes: bytes.length, commit: sha256(bytes), kid: 'none' } }),
};

export const INGRESS_REPLICAS = 2;
const POLICY_REPLICAS = 2;

type ActiveName = 0 | 1 | 'tuesdays' | keyof typeof WITHOUT_APPROVAL;

/** The services of the gateway as processes of their own, all real, on a bus and a store that the test rules. */
export class World {
  readonly store: MemoryEventStore;
  readonly network = new Network();
  readonly asked: Asked[] = [];
  /** How often the upstream server was asked, and how many intents were on record at each time. */
  readonly forwards: { readonly intents: number }[] = [];
  /** How the catalog has the tool. */
  tool: 'pinned' | 'held' | 'unreachable' = 'pinned';
  private activations = 0;
  private active: ActiveName = 0;
  /** The one each replica of the policy service decides by. */
  private readonly policies: ActiveName[] = [];
  private readonly ledger: Node;
  private recorder: Ledger;
  private readonly ingress: { node: Node; gateway: Gateway }[] = [];
  private readonly approvals: { node: Node; http: ApprovalHttp }[] = [];

  constructor(private readonly options: WorldOptions) {
    this.store = memoryEventStore(options.mistake !== 'the store ignores expected revisions');
    this.ledger = this.start('ledger').node;
    this.recorder = this.restartLedger();
    this.start('masking').node.handlers = handlersOf(new PlainMasking());
    this.policy = 0;
    for (let replica = 0; replica < POLICY_REPLICAS; replica++) this.startPolicy(replica);
    for (let replica = 0; replica < options.approvalReplicas; replica++) this.restartApproval(replica);
    for (let replica = 0; replica < INGRESS_REPLICAS; replica++) this.restartIngress(replica);
  }

  get policy(): ActiveName {
    return this.active;
  }

  /** Activated, and on record. One replica decides by it at once, the other one only when it is told that it is behind. */
  set policy(name: ActiveName) {
    this.active = name;
    this.policies[0] = name;
    this.policies[1] ??= name;
    const data = { by: 'file', digest: this.policyOf(name).digest, instance: 'policy-0' };
    const command = buildAppend(
      {
        stream: ACTIVATION_STREAM,
        expected: this.activations++ - 1,
        time: new Date().toISOString(),
        actor: { kind: 'service', service: 'policy', instance: 'policy-0' },
        correlation: 'policy',
        causation: 'policy',
        newId: randomUUID,
      },
      [{ event: { type: 'PolicyActivated', v: 1, data } }],
    );
    // Once more, when the store has not taken it.
    void this.recorder.append(command).catch(() => this.recorder.append(command));
  }

  private policyOf(name: ActiveName) {
    if (name === 'tuesdays') return STRICTER_ON_TUESDAYS;
    if (typeof name === 'string') return WITHOUT_APPROVAL[name];
    return (this.options.grants ? GRANT_POLICIES : POLICIES)[name];
  }

  private startPolicy(replica: number): void {
    const active = { get: () => this.policyOf(this.policies[replica] ?? 0) };
    const refresh = async (stale: Digest | undefined): Promise<void> => {
      if (stale === active.get().digest) this.policies[replica] = this.active;
    };
    const policy = new PolicyBus(active as unknown as ActivePolicy, { refresh });
    this.start('policy').node.handlers = handlersOf(policy);
  }

  /** What it knew of open calls is gone; the store is not. */
  private restartLedger(): Ledger {
    const ledger = new Ledger(this.store);
    if (this.options.mistake === 'the ledger believes the ingress')
      Object.defineProperty(ledger, 'checkApproval', { value: async () => undefined });
    if (this.options.mistake === 'the ledger lets every policy decide')
      Object.defineProperty(ledger, 'policy', {
        value: { requireDecided: async () => undefined, forget: () => undefined },
      });
    this.ledger.handlers = handlersOf(new LedgerBus(ledger, new Instances()));
    return ledger;
  }

  private restartApproval(replica: number): void {
    const known = this.approvals[replica];
    if (known !== undefined) known.node.alive = false;
    const { node, bus } = this.start('approval');
    const given = new Map<unknown, unknown>([
      // These logs are short, and read from their beginning.
      [EarlierApprovals, { read: async () => undefined }],
      [BUS, bus],
      [CONFIG, CONFIGURED],
      [LOGGER, LOGGER_OFF],
      [JOBS, inProcessJobs],
      [CHANNELS, []],
      [REST_AUDIENCE, () => 'https://gateway'],
    ]);
    const get = wire(ApprovalModule, given);
    if (this.options.mistake === 'approvals end before their calls are closed')
      Object.defineProperty(get(CloseCall), 'before', { value: async () => 'closed' });
    const handlers = handlersOf(get(ApprovalBus));
    node.handlers = this.options.isLax ? lax(handlers) : handlers;
    get(FollowLog).onApplicationBootstrap();
    this.approvals[replica] = { node, http: get(ApprovalHttp) };
  }

  private restartIngress(replica: number): void {
    const known = this.ingress[replica];
    if (known !== undefined) known.node.alive = false;
    for (const asked of this.asked) if (asked.replica === replica && !asked.ended) asked.lost = true;
    const { node, bus } = this.start('ingress');
    this.ingress[replica] = {
      node,
      gateway: this.gateway(this.mistaken(bus), `ingress-${replica}`),
    };
  }

  private mistaken(bus: Bus): Bus {
    if (this.options.isHasty) return hasty(bus);
    return this.options.mistake === 'an ingress does not see which states were used' ? forgetful(bus) : bus;
  }

  restart(service: 'ingress' | 'approval' | 'ledger', replica: number): void {
    if (service === 'ledger') this.recorder = this.restartLedger();
    else if (service === 'ingress') this.restartIngress(replica);
    else this.restartApproval(replica % this.approvals.length);
  }

  /** The agent sends the request, once more if it did before. */
  ask(replica: number, more: Partial<CallRequest> = {}): void {
    const gateway = this.ingress[replica]?.gateway;
    if (gateway === undefined) throw new Error(`there is no ingress ${replica}`);
    const abort = new AbortController();
    const asked: Asked = { replica, cancel: () => abort.abort(), ended: undefined, lost: false };
    this.asked.push(asked);
    void handleCall(gateway, { ...payment(), ...more }, exchangeOf(abort.signal)).then(
      (value) => {
        if (!asked.lost) asked.ended = { value };
      },
      (error: unknown) => {
        if (!asked.lost) asked.ended = { error };
      },
    );
  }

  /** What those were told who are to come back. */
  offers(): readonly ApprovalPending[] {
    return this.asked.flatMap(({ ended }) =>
      ended !== undefined && 'error' in ended && ended.error instanceof ApprovalPending ? [ended.error] : [],
    );
  }

  comeBack(replica: number, told: number): void {
    const offers = this.offers();
    const { held, offer } = offers[told % offers.length] ?? {};
    if (held === undefined || offer === undefined) return;
    if (offer.way === 'task') this.ask(replica, { ...FOLLOWS_TASKS, resumes: { ...held, round: null } });
    if (offer.way === 'round')
      this.ask(replica, { resumes: { ...held, round: offer.round, after: offer.after } });
  }

  vote(replica: number, caller: RestCaller, vote: 'approve' | 'deny', id: string, digest: string): void {
    const http = this.approvals[replica % this.approvals.length]?.http;
    // Whatever comes of it is in the log; a refusal is an answer like any other.
    void http?.[vote](caller, id, { digest, reason: 'because' }).catch(() => undefined);
  }

  withdraw(replica: number, caller: RestCaller, id: string): void {
    const http = this.approvals[replica % this.approvals.length]?.http;
    void http?.withdraw(caller, id, {}).catch(() => undefined);
  }

  revoke(replica: number, caller: RestCaller, id: string): void {
    const http = this.approvals[replica % this.approvals.length]?.http;
    void http?.revoke(caller, id, {}).catch(() => undefined);
  }

  private start(service: Service): { node: Node; bus: Bus } {
    const node: Node = { service, alive: true, handlers: new Map() };
    return { node, bus: this.network.join(node) };
  }

  private gateway(bus: Bus, instance: string): Gateway {
    const entry = {
      server: 'bank',
      kind: 'tools',
      name: 'pay',
      json: { name: 'pay' },
      bytes: Buffer.from('{"name":"pay"}'),
      digest: `sha256:${'d'.repeat(64)}`,
    };
    const upstream = {
      server: () => ({
        era: 'modern',
        revision: '2026-07-28',
        capabilities: {},
        info: null,
        instructions: null,
      }),
      request: () => this.forwarded(),
    };
    const gateway = {
      bus,
      config: CONFIGURED,
      logger: LOGGER_OFF,
      catalog: {
        instance,
        server: () => ({ name: 'bank', upstream, timeout_ms: 5_000 }),
        lookup: async () => {
          if (this.tool === 'unreachable') throw new CountersignError('upstream_unavailable');
          return this.tool === 'held' ? { state: 'held', why: 'it has changed' } : { state: 'pinned', entry };
        },
      },
      resourceServer: { operationScopes: () => [], requireScopes: () => undefined },
      budgets: new Budgets({ ...CONFIGURED.limits.budgets, caller: this.options.budget ?? {} }),
      sealer: () => SEALER,
      callSecret: Buffer.alloc(32, 7),
      late: new LateRecords(LOGGER_OFF, 100),
      lateOutcomes: new LateRecords(LOGGER_OFF, 100),
      logLevels: new LogLevels(),
      instance,
      now: () => new Date(),
    };
    return gateway as unknown as Gateway;
  }

  /** The payment is made when the request arrives; the answer takes as long as the test wants. */
  private forwarded(): Promise<unknown> {
    const intents = this.store.events.filter(({ type }) => type === 'ForwardIntended').length;
    this.forwards.push({ intents });
    return new Promise((resolve) => {
      this.network.pending.push({
        kind: 'upstream',
        run: () => resolve({ kind: 'result', bytes: Buffer.from('{"content":[]}') }),
      });
    });
  }
}

/** To this ingress everything looks granted. */
const hasty = (bus: Bus): Bus => ({
  ...bus,
  request: async (contract, request) =>
    contract.subject === approvalAwait.subject
      ? contract.reply.parse({ approvalId: 'a', status: 'granted', decidedBy: [] })
      : bus.request(contract, request),
});

/** What it records as asked for is less than the ingress has asked for. */
const lax = (handlers: ReadonlyMap<string, Handler>): ReadonlyMap<string, Handler> => {
  const { subject } = approvalRequest;
  const less = (request: unknown): unknown => {
    const { requirements, grant, ...asked } = request as z.output<typeof approvalRequest.request>;
    return handlers.get(subject)?.({
      ...asked,
      requirements: requirements.map((requirement) => ({ ...requirement, count: 1 })),
      ...(grant && { grant: { ...grant, uses: grant.uses + 1 } }),
    });
  };
  return new Map([...handlers, [subject, less]]);
};

/** To this ingress no state was ever used. */
const forgetful = (bus: Bus): Bus => ({
  ...bus,
  request: async (contract, request) => {
    const reply = await bus.request(contract, request);
    if (contract.subject !== ledgerReadStream.subject) return reply;
    const { events } = reply as { readonly events: readonly WireEvent[] };
    const unused = (text: string) => text.replace(/"after":\d+,/, '');
    return contract.reply.parse({
      events: events.map((event) => ({
        ...event,
        entry: Buffer.from(unused(Buffer.from(event.entry).toString())),
      })),
    });
  },
});

const exchangeOf = (cancelled: AbortSignal): Exchange => ({
  cancelled,
  isGone: () => false,
  openStream: () => undefined,
  progress: () => undefined,
  notify: () => undefined,
  keepAlive: () => undefined,
  ask: () => Promise.reject(new Error('nobody asks')),
});
