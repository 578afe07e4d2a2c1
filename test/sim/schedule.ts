import fc from 'fast-check';

/** What somebody does, or what befalls a process. */
export type Step =
  | { readonly do: 'ask'; readonly replica: number; readonly followsTasks: boolean }
  /** Somebody who was told to come back does so: with the state of their round, or by their task. */
  | { readonly do: 'come back'; readonly replica: number; readonly told: number }
  | { readonly do: 'cancel'; readonly asked: number }
  | {
      readonly do: 'vote';
      readonly voter: number;
      readonly vote: 'approve' | 'deny';
      readonly replica: number;
      readonly stale: boolean;
      readonly latest: boolean;
    }
  | { readonly do: 'withdraw'; readonly replica: number }
  | { readonly do: 'revoke'; readonly replica: number }
  | { readonly do: 'policy' }
  | { readonly do: 'restart'; readonly service: 'ingress' | 'approval' | 'ledger'; readonly replica: number }
  | { readonly do: 'append fails'; readonly fault: 'stored' | 'not stored' }
  | { readonly do: 'time'; readonly ms: number };

export interface Schedule {
  readonly approvalReplicas: number;
  /** Whether an approval covers more calls than the one that asked. */
  readonly grants: boolean;
  /** How many of four chances to lose or double a message are taken. */
  readonly faults: number;
  readonly steps: readonly Step[];
  /** The agent comes again when all that is over: replicas, one for each time, at once. */
  readonly again: readonly number[];
  /** What happens next, one number a moment: a message is delivered, lost or doubled, a step is taken, time passes. */
  readonly choices: readonly number[];
}

const replica = fc.nat({ max: 1 });
const of = <Kind extends Step['do']>(kind: Kind) => fc.constant(kind);

const seldom = fc.constantFrom(false, false, false, false, false, false, false, true);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: of('ask'), replica, followsTasks: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ do: of('come back'), replica, told: fc.nat({ max: 3 }) }) },
  {
    weight: 14,
    arbitrary: fc.record({
      do: of('vote'),
      voter: fc.constantFrom(0, 1, 0, 1, 0, 1, 0, 1, 2, 3, 4, 5),
      vote: fc.constantFrom('approve', 'approve', 'approve', 'approve', 'approve', 'deny'),
      replica,
      stale: seldom,
      latest: seldom,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: of('cancel'), asked: fc.nat({ max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ do: of('withdraw'), replica }) },
  { weight: 1, arbitrary: fc.record({ do: of('revoke'), replica }) },
  { weight: 1, arbitrary: fc.record({ do: of('policy') }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: of('restart'),
      service: fc.constantFrom('ingress', 'approval', 'ledger'),
      replica,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: of('append fails'), fault: fc.constantFrom('stored', 'not stored') }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: of('time'), ms: fc.constantFrom(100, 400, 400, 1_000, 4_000) }),
  },
);

export const schedule: fc.Arbitrary<Schedule> = fc.record({
  approvalReplicas: fc.constantFrom(1, 1, 2),
  faults: fc.constantFrom(0, 0, 1, 4),
  grants: fc.boolean(),
  // Something must be asked for before anything else can go wrong.
  steps: fc
    .tuple(
      fc.record({ do: of('ask'), replica, followsTasks: fc.boolean() }),
      fc.array(step, { minLength: 4, maxLength: 11, size: 'max' }),
    )
    .map(([first, more]) => [first, ...more]),
  again: fc.array(replica, { maxLength: 4, size: 'max' }),
  choices: fc.array(fc.nat({ max: 0xffff }), { minLength: 60, maxLength: 200, size: 'max' }),
});
