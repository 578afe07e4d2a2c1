import { readFile } from 'node:fs/promises';
import { Agent } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeOfRefusal, openScene, refusalCounts, type Scene } from './authorization.fixture.js';
import { filesBelow } from './support/personal-data.js';
import { outputOf } from './support/system.js';
import { waitUntil } from './support/wait-until.js';

const MUTANTS = 5_000;
const CONNECTIONS = 24;
/** A wide bound: what matters is that there is one. */
const FLOOD_MS_MAX = 90_000;
const CANARY = 'canary-0c9d4b52';
/** All that may stand in a header; some of it in a token. */
const CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/~ ,;"{}%';

let scene: Scene;
/** Good tokens, of the real issuer and of the provider. */
let originals: readonly string[];

beforeAll(async () => {
  scene = await openScene();
  originals = [
    await scene.system.issuer.token('data-engineer', { resources: [scene.resource] }),
    await scene.token({ canary: CANARY }),
    await scene.token({ canary: CANARY, groups: ['BANK-DATA-MGR'] }),
  ];
}, 60_000);
afterAll(() => scene?.stage.close(), 30_000);

/** Numbers that look random and are the same in each run (mulberry32). */
const numbers = (seed: number) => {
  let state = seed;
  return (below: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
};
type Random = ReturnType<typeof numbers>;
type Mutation = (token: string, random: Random) => string;

const recoded = (part: string, change: (value: Record<string, unknown>) => unknown): string => {
  const value = JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
  return Buffer.from(JSON.stringify(change(value))).toString('base64url');
};
const inPart =
  (index: number, changes: readonly Record<string, unknown>[]): Mutation =>
  (token, random) => {
    const parts = token.split('.');
    const change = changes[random(changes.length)] ?? {};
    parts[index] = recoded(parts[index] ?? '', (value) => ({ ...value, ...change, x: random(1e9) }));
    return parts.join('.');
  };
const at = (random: Random, text: string): number => random(text.length);
const character = (random: Random): string => CHARACTERS[random(CHARACTERS.length)] ?? 'A';

const MUTATIONS: readonly Mutation[] = [
  // One character replaced, left out, put in, repeated, in another case; two exchanged.
  (token, random) => {
    const i = at(random, token);
    return token.slice(0, i) + character(random) + token.slice(i + 1);
  },
  (token, random) => {
    const i = at(random, token);
    return token.slice(0, i) + token.slice(i + 1);
  },
  (token, random) => {
    const i = at(random, token);
    return token.slice(0, i) + character(random) + token.slice(i);
  },
  (token, random) => {
    const i = at(random, token);
    const turned =
      token.charAt(i).toUpperCase() === token.charAt(i)
        ? token.charAt(i).toLowerCase()
        : token.charAt(i).toUpperCase();
    return token.slice(0, i) + turned + token.slice(i + 1);
  },
  (token, random) => {
    const i = at(random, token);
    return token.slice(0, i) + token.charAt(i + 1) + token.charAt(i) + token.slice(i + 2);
  },
  // Cut short, cut out, parts in another order, parts of two tokens.
  (token, random) => token.slice(0, at(random, token)),
  (token, random) => {
    const i = at(random, token);
    return token.slice(0, i) + token.slice(i + 1 + random(40));
  },
  (token, random) => {
    const parts = token.split('.');
    return [parts[random(3)], parts[random(3)], parts[random(3)]].join('.');
  },
  (token, random) => {
    const other = originals[random(originals.length)] ?? '';
    const [a, b] = [token.split('.'), other.split('.')];
    return random(2) === 0 ? [a[0], a[1], b[2]].join('.') : [a[0], b[1], a[2]].join('.');
  },
  // Well-formed, with another header or other claims under the old signature.
  inPart(0, [
    { alg: 'none' },
    { alg: 'HS256' },
    { alg: 'ES256' },
    { alg: 'PS256' },
    { kid: 'other' },
    { kid: '../x' },
    { typ: 'logout+jwt' },
    { crit: ['x'] },
    { jku: 'http://127.0.0.1:9/' },
  ]),
  inPart(1, [
    { sub: 'manager-1' },
    { groups: ['BANK-DATA-MGR', 'BANK-EXAMINER'] },
    { exp: 9_999_999_999 },
    { aud: '*' },
    { iss: 'https://evil.example' },
    { scope: 'admin' },
    { preferred_username: 'manager-1' },
    { cnf: { jkt: 'A'.repeat(43) } },
  ]),
];

const mutant = (i: number, random: Random): string => {
  const original = originals[i % originals.length] ?? '';
  const mutate = MUTATIONS[i % MUTATIONS.length];
  for (;;) {
    const made = mutate?.(original, random) ?? '';
    // White space around a credential is not part of it (RFC 9110 section 11.4).
    if (!originals.includes(made.trim())) return made;
  }
};

/** Pieces of the originals, long enough to be nothing else. */
const piecesOfTokens = (): readonly string[] =>
  originals.flatMap((token) =>
    token
      .split('.')
      .slice(1)
      .flatMap((part) => part.match(/.{32}/g) ?? []),
  );

describe(`${MUTANTS} mutated tokens`, () => {
  it(
    'are all refused, in bounded time, while good tokens go on being served',
    async () => {
      const random = numbers(20_261_123);
      const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
      const answers = new Map<string, number>();
      const accepted: string[] = [];
      const good: number[] = [];
      let next = 0;
      const sender = async (): Promise<void> => {
        while (next < MUTANTS) {
          const i = next++;
          const token = mutant(i, random);
          const answer = await scene.send({ agent, headers: [['Authorization', `Bearer ${token}`]] });
          const key = `${answer.status} ${codeOfRefusal(answer)}`;
          answers.set(key, (answers.get(key) ?? 0) + 1);
          if (answer.status === 200) accepted.push(`mutant ${i}`);
          if (i % 500 === 250) good.push((await scene.list(`Bearer ${originals[i % 3]}`)).status);
        }
      };
      const started = performance.now();
      await Promise.all(Array.from({ length: CONNECTIONS }, sender));
      expect(performance.now() - started).toBeLessThan(FLOOD_MS_MAX);
      agent.destroy();
      expect(accepted).toEqual([]);
      expect(good).toEqual(Array(10).fill(200));
      expect([...answers.keys()].filter((key) => !/^401 token_(?:invalid|missing)$/.test(key))).toEqual([]);
      expect([...answers.values()].reduce((sum, count) => sum + count, 0)).toBe(MUTANTS);

      // Each of them is on record: the counts of the record are those of the answers.
      await waitUntil('the record of all refusals', async () => {
        const counts = await refusalCounts(scene.ledger);
        return [...answers].every(([key, count]) => counts.get(key.slice('401 '.length)) === count);
      });
      // And the flood has not become a flood of events.
      const events = (await scene.ledger.events()).filter(({ type }) => type === 'RequestRefused');
      expect(events.length).toBeLessThan(MUTANTS / 5);
    },
    FLOOD_MS_MAX + 30_000,
  );

  it('leave nothing of a token in any event, log or file of the store', async () => {
    const pieces = [...piecesOfTokens(), CANARY, Buffer.from(CANARY).toString('base64url')];
    expect(pieces.length).toBeGreaterThan(30);
    const log = outputOf(scene.system);
    expect(pieces.filter((piece) => log.includes(piece))).toEqual([]);
    const files = await filesBelow(scene.system.data);
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) {
      const bytes = await readFile(file);
      expect({ file, found: pieces.filter((piece) => bytes.includes(piece)) }).toEqual({ file, found: [] });
    }
  });
});
