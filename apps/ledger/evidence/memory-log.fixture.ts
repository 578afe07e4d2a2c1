import { generateKeyPairSync, hash } from 'node:crypto';
import { buildAppend } from '#core/evidence/build-append.js';
import { canonicalJson, type Json } from '#core/evidence/canonical-json.js';
import type { DomainEvent } from '#core/evidence/entry.js';
import { readEntry } from '#core/evidence/read-entry.js';
import type { Digest } from '#core/hash.js';
import type { MaskingProfile } from '#core/policy/policy.types.js';
import { profileDigest } from '#policy-file/profile-digest.js';
import { sha256 } from '#sealing/sha256.js';
import { formatCheckpoint } from '#tlog/checkpoint.js';
import { type Hash, leafHash } from '#tlog/merkle.js';
import { signNote } from '#tlog/note.js';
import { COSIGNATURE_V1, createSigner, ED25519, formatVerifierKey, type NoteSigner } from '#tlog/note-key.js';
import { logInMemory } from '#tlog/tlog.fixture.js';
import { rootOf } from '#tlog/tree.js';
import type { PackSources } from './pack-sources.js';

export const ORIGIN = 'bank.example/countersign';

/** Numbers that look random and are the same for the same seed (mulberry32). */
export const seeded = (seed: number) => {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  /** 0 to below `limit`. */
  const below = (limit: number): number => Math.floor(next() * limit);
  return { below, pick: <Item>(items: readonly Item[]): Item => items[below(items.length)] as Item };
};
export type Seeded = ReturnType<typeof seeded>;

export const newSigner = (name = ORIGIN): NoteSigner =>
  createSigner(name, ED25519, generateKeyPairSync('ed25519').privateKey);

export const newWitness = (name: string): NoteSigner =>
  createSigner(name, COSIGNATURE_V1, generateKeyPairSync('ed25519').privateKey);

export const policyOf = (witnesses: readonly NoteSigner[]): string =>
  [
    ...witnesses.map(({ verifier }) => `witness ${verifier.name} ${formatVerifierKey(verifier)}`),
    `group all all ${witnesses.map(({ verifier }) => verifier.name).join(' ')}`,
    'quorum all',
    '',
  ].join('\n');

interface Kept {
  readonly stream: string;
  readonly entry: Uint8Array;
  readonly attachment?: Uint8Array;
}

export interface Sketch {
  readonly type: string;
  readonly data: object;
  /** Sealed for these tests: salt and bytes, in clear. */
  readonly sealed?: Json;
}

/** A ledger in memory: what it stores, and the log over it. */
export class MemoryLog {
  readonly kept: Kept[] = [];
  private readonly revisions = new Map<string, number>();

  constructor(
    readonly signer: NoteSigner = newSigner(),
    readonly witnesses: readonly NoteSigner[] = [],
  ) {}

  append(stream: string, time: string, sketches: readonly Sketch[]): void {
    const expected = this.revisions.get(stream) ?? -1;
    const id = stream.slice(stream.indexOf('-') + 1);
    const actor = { kind: 'service', service: 'test', instance: 't-1' } as const;
    let nth = 0;
    const newId = () => `${stream}-${expected + 1 + nth++}`;
    const command = buildAppend(
      { stream, expected, time, actor, correlation: id, causation: id, newId },
      sketches.map(toRecord),
    );
    this.revisions.set(stream, expected + sketches.length);
    for (const event of command.events) this.kept.push({ ...event, stream });
  }

  get leaves(): readonly Hash[] {
    return this.kept.map(({ entry }) => leafHash(entry));
  }

  /** The signed checkpoint of this size, cosigned by `witnesses`. */
  async checkpoint(size: number, witnesses: readonly NoteSigner[] = []): Promise<string> {
    const root = rootOf(logInMemory(this.leaves.slice(0, size)).state);
    return signNote(
      formatCheckpoint({ origin: ORIGIN, size, root }),
      [this.signer, ...witnesses],
      1_763_800_000,
    );
  }

  /** What a pack of the first `size` entries is made of; the checkpoint and the `earlier` ones are cosigned. */
  async sources(size = this.kept.length, earlier: readonly number[] = []): Promise<PackSources> {
    const { readTile } = logInMemory(this.leaves.slice(0, size));
    const kept = this.kept.slice(0, size);
    return {
      checkpoint: await this.checkpoint(size, this.witnesses),
      readTile,
      async *entries(from, to) {
        for (let index = from; index < to; index++)
          yield { index, bytes: kept[index]?.entry ?? new Uint8Array() };
      },
      stream: async (name) =>
        kept.flatMap(({ stream, entry, attachment }, index) =>
          stream === name
            ? [{ index, bytes: entry, ...(attachment === undefined ? {} : { attachment }) }]
            : [],
        ),
      open: async (sealed) => sealed,
      earlier: await Promise.all(earlier.map((each) => this.checkpoint(each, this.witnesses))),
      timestamps: [],
      policy: this.witnesses.length === 0 ? undefined : policyOf(this.witnesses),
      signer: this.signer,
    };
  }
}

const toRecord = ({ type, data, sealed }: Sketch) => {
  const event = { type, v: 1, data } as DomainEvent;
  if (sealed === undefined) return { event };
  const bytes = Buffer.from(canonicalJson(sealed));
  if (type === 'PolicyRecorded')
    return {
      event: { ...event, payload: { commit: sha256(bytes), bytes: bytes.length } },
      attachment: bytes,
    };
  // A salt that follows from the content: the same history gives the same bytes.
  const attachment = Buffer.concat([hash('sha256', bytes, 'buffer'), bytes]);
  const payload = { commit: sha256(attachment), bytes: bytes.length, kid: 'test' };
  return { event: { ...event, payload }, attachment };
};

const PROFILE: MaskingProfile = {
  name: 'pii',
  rules: [{ kinds: ['US_SSN', 'PAN'], do: 'redact' }],
  unscannable: { image: 'block', audio: 'block', binary: 'block', 'over-limit': 'block' },
};
const BUNDLE = {
  semantics: 1,
  name: 'test-bank',
  roles: {},
  operations: {},
  rules: [
    { id: 'RA-1', says: 'Risk analysts may query customers; they see them masked.' },
    { id: 'DE-1', says: 'Engineers may change customers after a manager’s approval.' },
  ],
  masking: { pii: PROFILE },
  tests: [],
};
export const POLICY_DIGEST: Digest = sha256(canonicalJson(BUNDLE as unknown as Json));
const PROFILE_DIGEST = profileDigest(PROFILE);

export const PEOPLE = ['alice', 'bob', 'carol'] as const;
export const START_MS = Date.parse('2026-11-22T12:00:00.000Z');
export const timeAt = (seconds: number): string => new Date(START_MS + seconds * 1_000).toISOString();

const requested = (principal: string, tool: string): Sketch => ({
  type: 'CallRequested',
  data: {
    caller: { principal, issuer: 'https://idp', subject: principal, client: 'desk', groups: [], token: {} },
    agent: { name: 'helper', version: '1.0' },
    endpoint: '/mcp',
    protocol: '2025-11-25',
    server: 'core-banking',
    tool,
    toolDigest: null,
  },
  sealed: { name: tool, arguments: { customer: 'C-1042' } },
});

const decided = (effect: string, rules: readonly string[]): Sketch => ({
  type: 'CallDecided',
  data: {
    now: timeAt(0),
    groups: [],
    token: {},
    policyDigest: POLICY_DIGEST,
    profileDigest: effect === 'deny' ? null : PROFILE_DIGEST,
    decision: { approval: null, effect, engine: 'policy/1', kind: 'read', operation: null, roles: [], rules },
  },
});

const forward = (approvalId: string | null): Sketch => ({
  type: 'ForwardIntended',
  data: { server: 'core-banking', instance: 'i', deadline_ms: 1_000, approvalId, request: POLICY_DIGEST },
});

const done: readonly Sketch[] = [
  { type: 'CallReturned', data: { kind: 'result', elapsed_us: 1_200 }, sealed: { ssn: '078-05-1120' } },
  {
    type: 'ResultMasked',
    data: {
      profileDigest: PROFILE_DIGEST,
      engine: 'masking/1',
      surface: 'result',
      blocked: false,
      counts: { US_SSN: 1 },
    },
    sealed: { findings: [], masked: { ssn: '[US_SSN]' } },
  },
  { type: 'CallCompleted', data: { outcome: 'result' } },
];

type Step = readonly [stream: string, ...sketches: Sketch[]];

const person = (name: string) => ({ principal: name, issuer: 'https://idp', subject: name });

/** The appends of one call, in order. */
const callSteps = (id: string, kind: string, principal: string): readonly Step[] => {
  const call = `call-${id}`;
  const [approvalId, digest] = [`a-${id}`, POLICY_DIGEST];
  const approval = `approval-${approvalId}`;
  if (kind === 'denied')
    return [
      [
        call,
        requested(principal, 'transfer_funds'),
        decided('deny', []),
        { type: 'CallDenied', data: { code: 'call_denied', reason: 'no rule allows it' } },
      ],
    ];
  const read: Step = [call, requested(principal, 'get_customer'), decided('allow', ['RA-1']), forward(null)];
  if (kind === 'open') return [read];
  if (kind === 'allowed') return [read, [call, ...done]];
  const asked = {
    type: 'ApprovalRequested',
    data: { callId: id, rules: [BUNDLE.rules[1]] },
    sealed: { nonce: id },
  };
  const vote = {
    vote: 'approve',
    approver: person('mallory <b>'),
    roles: ['manager'],
    digest,
    reason: 'agreed',
  };
  return [
    [approval, asked],
    [
      call,
      requested(principal, 'update_customer'),
      decided('approval', ['DE-1']),
      { type: 'CallHeld', data: { approvalId, digest, expiresAt: timeAt(9_000), requirements: [] } },
    ],
    [approval, { type: 'ApprovalVoted', data: vote }, { type: 'ApprovalGranted', data: { digest } }],
    [
      call,
      decided('approval', ['DE-1']),
      { type: 'HoldEnded', data: { approvalId, because: 'granted' } },
      forward(approvalId),
    ],
    [call, ...done],
  ];
};

export const KINDS = ['allowed', 'denied', 'held', 'open'] as const;

/** Calls of random kinds, their appends interleaved, between them entries of other streams; a second or more each. */
export const randomHistory = (log: MemoryLog, random: Seeded, calls: number, step_s = 1): MemoryLog => {
  let seconds = 0;
  const now = (): string => {
    seconds += 1 + random.below(step_s);
    return timeAt(seconds);
  };
  const recorded = {
    type: 'PolicyRecorded',
    data: { digest: POLICY_DIGEST, name: BUNDLE.name, semantics: 1 },
  };
  log.append(`policy-${POLICY_DIGEST.slice(7)}`, now(), [{ ...recorded, sealed: BUNDLE as unknown as Json }]);
  const waiting = Array.from({ length: calls }, (_, nth) => [
    ...callSteps(`c-${nth}`, random.pick(KINDS), random.pick(PEOPLE)),
  ]);
  for (let left = waiting.filter((steps) => steps.length > 0); left.length > 0; ) {
    const [stream, ...sketches] = random.pick(left).shift() as Step;
    log.append(stream, now(), sketches);
    if (random.below(4) === 0)
      log.append(`read-r-${log.kept.length}`, now(), [
        { type: 'LedgerRead', data: { what: 'calls', query: {} } },
      ]);
    left = left.filter((steps) => steps.length > 0);
  }
  return log;
};

/** Ids of the calls on record, in the order of their requests. */
export const callsOf = (log: MemoryLog, fits: (principal: string, time: string) => boolean): string[] =>
  log.kept.flatMap(({ entry }) => {
    const { type, stream, time, data } = readEntry(entry);
    const principal = (data as { caller?: { principal: string } }).caller?.principal ?? '';
    return type === 'CallRequested' && fits(principal, time) ? [stream.slice('call-'.length)] : [];
  });
