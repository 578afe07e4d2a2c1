import { describe, expect, it } from 'vitest';
import { MASKING_LIMITS } from './finding.js';
import { maskBody } from './mask-body.js';
import { bytesOf, EVERYTHING, textResult } from './masking.fixture.js';

const MEGABYTE = 1_000_000;
/** Long enough that anything worse than linear shows, short enough for every test run. */
const ADVERSARY_CHARS = 200_000;
/** On a quiet machine all ratios are below 3; other work on the machine disturbs single measurements. */
const RATIO_MAX = 8;
const LIMITS = { ...MASKING_LIMITS, body_bytes_max: 16 * MEGABYTE, leaf_chars_max: 16 * MEGABYTE };

const cpu_ms = (work: () => void): number => {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
};

/** The best of three runs, in CPU milliseconds a megabyte. */
const cost = (body: Uint8Array): number => {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 3; i++)
    best = Math.min(
      best,
      cpu_ms(() => maskBody(body, 'result', EVERYTHING, LIMITS)),
    );
  return (best / body.length) * MEGABYTE;
};

const text = (piece: string): Uint8Array =>
  bytesOf(textResult(piece.repeat(Math.ceil(ADVERSARY_CHARS / piece.length))));
const data = (structuredContent: unknown): Uint8Array => bytesOf({ structuredContent });

const rows = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    customer_id: 100_000 + i,
    full_name: `Jane ${String.fromCharCode(65 + (i % 26)).repeat(3)} Doe`,
    ssn: `523-96-${1000 + (i % 9000)}`,
    email: `user${i}@example.com`,
    balance: 1234.5 + i,
    status: 'active',
    opened_at: '2021-03-04T10:22:11Z',
    note: 'Customer called about the wire transfer and asked for a new card.',
  }));

const adversaries: readonly (readonly [string, () => Uint8Array])[] = [
  ['single digits', () => text('4 ')],
  ['groups of four that may be a card', () => text('4111 ')],
  ['dashes and digits', () => text('523-96-')],
  ['open brackets', () => text('[')],
  ['objects that never end', () => text('{"a":')],
  ['strings that never end', () => text('["')],
  ['mixed quotes', () => text('{\'{"')],
  ['backslashes', () => text('\\"')],
  ['at signs', () => text('a.b@c.')],
  ['colons', () => text(':')],
  ['labels without values', () => text('name:')],
  ['labels and short numbers', () => text('account 1 ')],
  ['almost IBANs', () => text('DE12 ')],
  ['header lines', () => text('name,ssn\n')],
  ['hexadecimal around a card', () => text('4111111111111111ab')],
  [
    'many distinct keys',
    () => data(Object.fromEntries(Array.from({ length: 8000 }, (_, i) => [`customerFileName${i}`, 1]))),
  ],
  [
    'deep arrays',
    () => data(Array.from({ length: 1500 }, () => JSON.parse('['.repeat(50) + ']'.repeat(50)))),
  ],
  [
    'a value that overlaps itself',
    () =>
      data({ names: ['a a a a', 'a a a b', 'a a a a a a a a a b'], text: 'a '.repeat(ADVERSARY_CHARS / 2) }),
  ],
  [
    'values that are prefixes of each other',
    () =>
      data({
        names: Array.from({ length: 120 }, (_, i) => 'a'.repeat(8 + i)),
        text: `${'a'.repeat(120)} `.repeat(1500),
      }),
  ],
];

describe('masking takes linear time', () => {
  const normal = cost(bytesOf(textResult(JSON.stringify(rows(800)))));
  it.each(adversaries)(
    `a megabyte of %s costs at most ${RATIO_MAX} times a megabyte of customer rows`,
    (_, body) => {
      expect(cost(body()) / normal).toBeLessThan(RATIO_MAX);
    },
  );
});

describe('throughput', () => {
  /** A loop that does nothing but look each character up in a table: the unit in which other machines can compare. */
  const loop_ms = (chars: string): number => {
    const table = new Uint8Array(0x1_0000).fill(1);
    let sum = 0;
    const ms = Math.min(
      ...Array.from({ length: 8 }, () =>
        cpu_ms(() => {
          for (let i = 0; i < chars.length; i++) sum += table[chars.charCodeAt(i)] as number;
        }),
      ),
    );
    return sum > 0 ? ms : 0;
  };

  it('is printed for typical results', () => {
    const loop = loop_ms('x1 '.repeat(MEGABYTE / 3));
    const lines = [18, 420].map((count) => {
      const body = bytesOf(textResult(JSON.stringify(rows(count))));
      const repeats = Math.ceil(MEGABYTE / body.length);
      const perMegabyte =
        Math.min(
          ...Array.from({ length: 3 }, () =>
            cpu_ms(() => {
              for (let i = 0; i < repeats; i++) maskBody(body, 'result', EVERYTHING);
            }),
          ),
        ) /
        ((repeats * body.length) / MEGABYTE);
      expect(perMegabyte).toBeGreaterThan(0);
      const [size, speed, loops] = [body.length / 1000, 1000 / perMegabyte, perMegabyte / loop];
      return `${size.toFixed(1)} KB: ${speed.toFixed(1)} MB/s of CPU time, ${loops.toFixed(1)} times a bare loop`;
    });
    console.log(`masking, customer rows as JSON in text\n  ${lines.join('\n  ')}`);
  });
});
