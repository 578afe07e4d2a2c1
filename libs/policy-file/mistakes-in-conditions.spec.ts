import { describe, expect, it } from 'vitest';
import { GLOB_CHARS_MAX } from '#core/policy/operators/glob.js';
import { type Mistake, problemsWith } from './examples/mistakes.fixture.js';
import { IN_ITEMS_MAX } from './read-check.js';

const WHEN = 'args.limit: { lte: 200 }, token.acr: { in: [mfa] }';
const condition = (text: string): Mistake[1] => [WHEN, text];

const MISTAKES: readonly Mistake[] = [
  ['no condition', condition(''), 16, /no condition/],
  ['a path to nowhere', condition('limit: { lte: 200 }'), 16, /"limit" is not a path/],
  ['a path to everything', condition('args: { eq: 1 }'), 16, /not a path/],
  ['an unknown operator', condition('args.limit: { le: 200 }'), 16, /Unknown operator "le"/],
  ['a regular expression', condition('args.limit: { matches: "^a" }'), 16, /Unknown operator "matches"/],
  ['a value without operator', condition('args.limit: 200'), 16, /Expected a map of operators/],
  ['no operator', condition('args.limit: {}'), 16, /no operator/],
  ['a limit with exponent', condition('args.limit: { lte: 2e2 }'), 16, /plain decimal digits/],
  ['a limit in hexadecimal', condition('args.limit: { lte: 0xff }'), 16, /plain decimal digits/],
  ['a limit with separators', condition('args.limit: { lte: "10,000" }'), 16, /plain decimal digits/],
  ['an infinite limit', condition('args.limit: { lte: .inf }'), 16, /plain decimal digits/],
  ['an empty range', condition('args.limit: { gt: 200, lt: 200 }'), 16, /No number is in this range/],
  ['a list with two types', condition('args.limit: { in: [1, "1"] }'), 16, /mixes types/],
  ['a value twice', condition('args.limit: { in: [1, 1.0] }'), 16, /twice/],
  ['an empty list of values', condition('args.limit: { in: [] }'), 16, /list is empty/],
  ['a comparison with nothing', condition('args.limit: { eq: }'), 16, /found nothing/],
  [
    'a size upside down',
    condition('args.limit: { size: { min: 3, max: 2 } }'),
    16,
    /min is greater than max/,
  ],
  ['a size without bounds', condition('args.limit: { size: {} }'), 16, /neither min nor max/],
  ['a folder with dots', condition('args.limit: { within: /srv/../etc }'), 16, /not a plain folder/],
  ['a range with host bits', condition('args.limit: { cidr: [10.0.0.1/8] }'), 16, /not an address range/],
  ['an empty prefix', condition('args.limit: { startsWith: "" }'), 16, /text is empty/],
  ['a window on an argument', condition('args.limit: { changeWindow: {} }'), 16, /looks only at the time/],
  ['another operator on time', condition('now: { gt: 5 }'), 16, /cannot be compared/],
  [
    'a window in local time',
    condition('now: { changeWindow: { days: [mon], from: "01:00", to: "02:00", timeZone: Europe/Berlin } }'),
    16,
    /Unknown time zone/,
  ],
  [
    'a window on no day',
    condition('now: { changeWindow: { days: [monday], from: "01:00", to: "02:00", timeZone: UTC } }'),
    16,
    /Unknown day "monday"/,
  ],
  [
    'a window at 25 hours',
    condition('now: { changeWindow: { days: [mon], from: "25:00", to: "02:00", timeZone: UTC } }'),
    16,
    /not a time of day/,
  ],
  [
    'an empty window',
    condition('now: { changeWindow: { days: [mon], from: "02:00", to: "02:00", timeZone: UTC } }'),
    16,
    /window is empty/,
  ],
  [
    'more values than the limit',
    condition(`args.limit: { in: [${Array.from({ length: IN_ITEMS_MAX + 1 }, (_, at) => at)}] }`),
    16,
    /More than 1000 items/,
  ],
  [
    'a pattern over the limit',
    condition(`args.limit: { glob: ${'x'.repeat(GLOB_CHARS_MAX + 1)} }`),
    16,
    /Longer than 256/,
  ],
  ['a path over the limit', condition(`args${'.a'.repeat(17)}: { eq: 1 }`), 16, /not a path/],
];

describe('a condition is refused, on the right line, for', () => {
  it.each(MISTAKES)('%s', (_, replace, line, reason) => {
    const place = new RegExp(`^${line}: .*(?:${reason.source})`);
    expect(problemsWith(replace)).toContainEqual(expect.stringMatching(place));
  });
});
