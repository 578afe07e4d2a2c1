import { bundleEnd, bundleStarts } from '#evidence/check-range.js';
import type { FindingCode } from '#evidence/finding.js';
import {
  bundlePath,
  COMPLETENESS,
  type Completeness,
  entryPath,
  proofPath,
  RANGE_LEAVES,
  RANGE_PROOF,
} from '#evidence/pack-format.js';
import { leafHash } from '#tlog/merkle.js';
import { decodeBundle, encodeBundle } from '#tlog/tile.js';
import type { Seeded } from '../../apps/ledger/evidence/memory-log.fixture.js';
import { type Files, jsonOf, putJson } from '../../apps/ledger/evidence/pack.fixture.js';

/** What must be found: one of these codes; with `exact` the very index, with `from` an index not behind the change. */
export interface Expected {
  readonly codes: readonly FindingCode[];
  readonly exact?: number;
  readonly notBehind?: number;
}

/** Changes the files of a pack; undefined when this pack has nothing to change that way. */
export type Tamper = (files: Files, random: Seeded) => Expected | undefined;

interface Range {
  readonly from: number;
  readonly to: number;
}

export const rangeOf = (files: Files): Range | null => jsonOf<Completeness>(files, COMPLETENESS).range;

export const singlesOf = (files: Files): number[] =>
  [...files.keys()].filter((path) => path.startsWith('entries/')).map((path) => Number(path.slice(8, -5)));

const entriesOf = (files: Files, { from, to }: Range): Uint8Array[] =>
  [...bundleStarts(from, to)].flatMap((start) =>
    decodeBundle(files.get(bundlePath(start)) ?? Buffer.alloc(0)),
  );

/** The entries in the bundles of the range as it is said to be; what is too much goes into the last. */
const putEntries = (files: Files, { from, to }: Range, entries: readonly Uint8Array[]): void => {
  for (const start of bundleStarts(from, to)) {
    const end = bundleEnd(start, to);
    const part = entries.slice(start - from, end === to ? undefined : end - from);
    files.set(bundlePath(start), Buffer.from(encodeBundle(part)));
  }
};

/** Rewrites the range's entries; a thorough attacker fits hashes, and its bounds, to what they left. */
const rewrite = (files: Files, range: Range, entries: readonly Uint8Array[], thorough: boolean): void => {
  if (!thorough) {
    putEntries(files, range, entries);
    return;
  }
  for (const start of bundleStarts(range.from, range.to)) files.delete(bundlePath(start));
  const now = { from: range.from, to: range.from + entries.length };
  putEntries(files, now, entries);
  files.set(RANGE_LEAVES, Buffer.concat(entries.map(leafHash)));
  putJson(files, RANGE_PROOF, { ...jsonOf<object>(files, RANGE_PROOF), ...now });
  putJson(files, COMPLETENESS, { ...jsonOf<object>(files, COMPLETENESS), range: now });
};

const flip = (bytes: Uint8Array, random: Seeded): Buffer => {
  const changed = Buffer.from(bytes);
  const at = random.below(changed.length);
  changed[at] = (changed[at] ?? 0) ^ (1 << random.below(8));
  return changed;
};

/** Changes the range; answers the place of the first difference, counted from its start. */
type Edit = (entries: Uint8Array[], random: Seeded) => number | undefined;

const onRange =
  (edit: Edit, ...codes: FindingCode[]): Tamper =>
  (files, random) => {
    const range = rangeOf(files);
    if (range === null) return undefined;
    const entries = entriesOf(files, range);
    const place = edit(entries, random);
    if (place === undefined) return undefined;
    const thorough = random.below(2) === 0;
    rewrite(files, range, entries, thorough);
    const index = range.from + place;
    return thorough
      ? { codes: ['entry_not_in_log', 'wrong_index'], notBehind: index }
      : { codes, exact: index };
  };

const flipInRange = onRange((entries, random) => {
  const place = random.below(entries.length);
  const entry = entries[place];
  if (entry === undefined) return undefined;
  entries[place] = flip(entry, random);
  return place;
}, 'entry_not_in_log');

const flipSingle: Tamper = (files, random) => {
  const singles = singlesOf(files);
  if (singles.length === 0) return undefined;
  const index = random.pick(singles);
  files.set(entryPath(index), flip(files.get(entryPath(index)) ?? Buffer.alloc(1), random));
  return { codes: ['entry_not_in_log'], exact: index };
};

export const bitFlip: Tamper = (files, random) =>
  (singlesOf(files).length > 0 && (rangeOf(files) === null || random.below(2) === 0)
    ? flipSingle
    : flipInRange)(files, random);

export const deletion: Tamper = (files, random) => {
  if (rangeOf(files) === null) return deleteSingle(files, random);
  return onRange((entries, chance) => {
    const place = chance.below(entries.length);
    return entries.splice(place, 1).length === 0 ? undefined : place;
  }, 'deletion')(files, random);
};

const deleteSingle: Tamper = (files, random) => {
  const index = random.pick(singlesOf(files));
  files.delete(entryPath(index));
  if (random.below(2) === 0) {
    files.delete(proofPath(index));
    // Of a policy's stream only the record of its text is in the pack; a call or approval shows the gap.
    return { codes: ['stream_broken', 'incomplete', 'policy_mismatch'] };
  }
  return { codes: ['truncated'], exact: index };
};

export const insertion = onRange((entries, random) => {
  const place = random.below(entries.length + 1);
  const model = entries[Math.min(place, entries.length - 1)];
  if (model === undefined) return undefined;
  entries.splice(place, 0, flip(model, random));
  return place;
}, 'insertion');

export const reorder = onRange((entries, random) => {
  const [one, other] = [random.below(entries.length), random.below(entries.length)];
  const [first, second] = [entries[one], entries[other]];
  if (first === undefined || second === undefined || one === other) return undefined;
  entries[one] = second;
  entries[other] = first;
  return Math.min(one, other);
}, 'reorder');

/** The last entries of the range are left out, with bounds and hashes made to fit. */
export const cutRange: Tamper = (files, random) => {
  const range = rangeOf(files);
  if (range === null || range.to - range.from < 2) return undefined;
  const entries = entriesOf(files, range);
  const kept = 1 + random.below(entries.length - 1);
  rewrite(files, range, entries.slice(0, kept), true);
  return { codes: ['entry_not_in_log'], notBehind: range.from + kept };
};

export const wrongIndex: Tamper = (files, random) => {
  const singles = singlesOf(files);
  const range = rangeOf(files);
  if (range !== null && (singles.length === 0 || random.below(2) === 0)) {
    const by = 1 + random.below(5);
    const moved = { from: range.from + by, to: range.to + by };
    if (random.below(2) === 0) {
      putJson(files, RANGE_PROOF, { ...jsonOf<object>(files, RANGE_PROOF), ...moved });
      return { codes: ['wrong_index'], exact: range.from };
    }
    const entries = entriesOf(files, range);
    for (const start of bundleStarts(range.from, range.to)) files.delete(bundlePath(start));
    putEntries(files, moved, entries);
    putJson(files, RANGE_PROOF, { ...jsonOf<object>(files, RANGE_PROOF), ...moved });
    putJson(files, COMPLETENESS, { ...jsonOf<object>(files, COMPLETENESS), range: moved });
    return { codes: ['wrong_index', 'entry_not_in_log'], notBehind: moved.from };
  }
  if (singles.length === 0) return undefined;
  const index = random.pick(singles);
  const proof = files.get(proofPath(index))?.toString() ?? '';
  const other = index + 1 + random.below(3);
  files.set(proofPath(index), Buffer.from(proof.replace(`\nindex ${index}\n`, `\nindex ${other}\n`)));
  if (random.below(2) === 0) return { codes: ['wrong_index'], exact: index };
  if (files.has(entryPath(other))) return { codes: ['wrong_index'], exact: index };
  for (const path of [entryPath, proofPath]) {
    files.set(path(other), files.get(path(index)) ?? Buffer.alloc(0));
    files.delete(path(index));
  }
  return { codes: ['entry_not_in_log', 'proof_invalid'], notBehind: other };
};

/** A file that carries entries or proofs ends early. */
export const truncation: Tamper = (files, random) => {
  const cuttable = [...files.keys()].filter(
    (path) =>
      /^(range|entries|proofs|consistency|checkpoint)/.test(path) && (files.get(path)?.length ?? 0) > 0,
  );
  const path = random.pick(cuttable);
  const bytes = files.get(path) ?? Buffer.alloc(0);
  const kept = bytes.subarray(0, random.below(bytes.length));
  // A checkpoint with fewer whole lines is one with fewer cosignatures, which is not wrong by itself.
  files.set(path, kept.at(-1) === 0x0a ? kept.subarray(0, -1) : kept);
  return {
    codes: [
      'truncated',
      'file_malformed',
      'entry_not_in_log',
      'proof_invalid',
      'checkpoint_signature_invalid',
      'deletion',
    ],
  };
};

/** The pack claims another answer than its entries give. */
export const incomplete: Tamper = (files, random) => {
  const said = jsonOf<Completeness>(files, COMPLETENESS);
  const [nth, calls] = [random.below(said.calls.length), [...said.calls]];
  const call = calls[nth];
  if (call === undefined) return undefined;
  const ways: readonly (() => void)[] = [
    () => calls.splice(nth, 1),
    () => calls.splice(nth, 1, { ...call, closed: !call.closed }),
    () => calls.splice(nth, 1, { ...call, entries: call.entries + 1 }),
    () => calls.splice(nth, 1, { ...call, approvals: [...call.approvals, { id: 'a-none', entries: 1 }] }),
    () => calls.push({ ...call, id: 'c-none' }),
  ];
  random.pick(ways)();
  putJson(files, COMPLETENESS, { ...said, calls });
  return { codes: ['incomplete'] };
};

export const disclosure: Tamper = (files, random) => {
  const paths = [...files.keys()].filter((path) => path.startsWith('disclosures/'));
  if (paths.length === 0) return undefined;
  const path = random.pick(paths);
  const opened = jsonOf<{ salt: string; bytes: string; index: number }>(files, path);
  const member = random.pick(['salt', 'bytes'] as const);
  const changed = flip(Buffer.from(opened[member], 'base64'), random).toString('base64');
  putJson(files, path, { ...opened, [member]: changed });
  return { codes: ['disclosure_mismatch'], exact: opened.index };
};

export const policyChanged: Tamper = (files, random) => {
  const paths = [...files.keys()].filter((path) => /^(policy-bundles|masking-profiles)\//.test(path));
  if (paths.length === 0) return undefined;
  const path = random.pick(paths);
  if (random.below(3) === 0) files.delete(path);
  else files.set(path, flip(files.get(path) ?? Buffer.alloc(1), random));
  return { codes: ['policy_mismatch'] };
};
