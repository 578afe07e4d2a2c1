import { expect } from 'vitest';
import type { EvidenceQuery } from '#core/evidence/evidence-query.js';
import type { Trust } from '#evidence/check-head.js';
import { CHECKPOINT, LOG_KEY, MANIFEST, MANIFEST_NOTE } from '#evidence/pack-format.js';
import type { Verdict } from '#evidence/verify-pack.js';
import { verifyPack } from '#evidence/verify-pack.js';
import { sourceOf } from '#evidence/zip-read.js';
import { parseNote, signNote } from '#tlog/note.js';
import { formatVerifierKey, type NoteSigner } from '#tlog/note-key.js';
import {
  MemoryLog,
  newSigner,
  newWitness,
  PEOPLE,
  policyOf,
  randomHistory,
  type Seeded,
  timeAt,
} from '../../apps/ledger/evidence/memory-log.fixture.js';
import { filesOf, type PackOptions, packOf, repacked } from '../../apps/ledger/evidence/pack.fixture.js';
import type { Expected, Tamper } from './tamper-kinds.js';

const SIGNER = newSigner();
export const WITNESSES = [newWitness('audit.example/w1'), newWitness('board.example/w2')];

/** A pack of a random log with a random query, and what an examiner would know from elsewhere. */
export interface Sample {
  readonly log: MemoryLog;
  readonly query: EvidenceQuery;
  readonly options: PackOptions;
  readonly pack: Buffer;
  readonly trust: Trust;
}

const randomQuery = (random: Seeded, calls: number): EvidenceQuery => {
  const [from, to] = [random.below(600), 300 + random.below(900)];
  return random.pick<EvidenceQuery>([
    {},
    { principal: random.pick(PEOPLE) },
    { call: `c-${random.below(calls)}` },
    { from: timeAt(from) },
    { to: timeAt(to) },
    { from: timeAt(from), to: timeAt(from + to), decision: random.pick(['allow', 'deny', 'approval']) },
    { tool: 'get_customer', agent: 'helper', to: timeAt(to) },
    { rule: 'RA-1', server: 'core-banking' },
  ]);
};

export const sample = async (random: Seeded, signer = SIGNER): Promise<Sample> => {
  const calls = 1 + random.below(12);
  const log = randomHistory(new MemoryLog(signer, WITNESSES), random, calls, 1 + random.below(90));
  const query = randomQuery(random, calls);
  const earlier = [
    ...new Set(Array.from({ length: random.below(4) }, () => 1 + random.below(log.kept.length - 1))),
  ];
  const disclose = random.pick([[], ['requests'], ['requests', 'results']] as const);
  const options: PackOptions = { earlier, disclose, programs: false };
  const trust = { vkey: formatVerifierKey(SIGNER.verifier), policy: policyOf(WITNESSES) };
  return { log, query, options, trust, pack: await packOf(log, query, options) };
};

export const verdictOf = (pack: Buffer, trust: Trust): Verdict => verifyPack(sourceOf(pack), trust);

/** 100 % found: one of the expected findings is there, and names the entry where one can be named. */
export const expectFound = ({ ok, findings }: Verdict, expected: Expected, seed: string): void => {
  const told = `${seed}: ${JSON.stringify(findings.slice(0, 5))} for ${JSON.stringify(expected)}`;
  expect(ok, told).toBe(false);
  const fitting = findings.filter(({ code, index }) => {
    if (!expected.codes.includes(code)) return false;
    if (expected.exact !== undefined) return index === expected.exact;
    return expected.notBehind === undefined || (index !== undefined && index <= expected.notBehind);
  });
  expect(fitting.length, told).toBeGreaterThan(0);
};

/** The attacker packs anew with a manifest that fits, and even has it signed: only the tree can tell. */
export const insideTree =
  (tamper: Tamper) =>
  async (random: Seeded, { pack, trust }: Sample): Promise<readonly [Verdict, Expected] | undefined> => {
    const files = filesOf(pack);
    const expected = tamper(files, random);
    return expected === undefined ? undefined : [verdictOf(await repacked(files, SIGNER), trust), expected];
  };

type Run = (random: Seeded, sample: Sample) => Promise<readonly [Verdict, Expected] | undefined>;

/** A byte of any file but the manifest is changed; hashes are made to fit, the old signature stays. */
export const rewrittenFile: Run = async (random, { pack, trust }) => {
  const files = filesOf(pack);
  const path = random.pick([...files.keys()].filter((name) => name !== MANIFEST && name !== MANIFEST_NOTE));
  const bytes = files.get(path) ?? Buffer.alloc(0);
  const at = random.below(bytes.length + 1);
  files.set(path, Buffer.concat([bytes.subarray(0, at), Buffer.from('x'), bytes.subarray(at)]));
  return [
    verdictOf(await repacked(files), trust),
    { codes: ['manifest_signature_invalid', 'file_malformed'] },
  ];
};

/** Any bit of the zip. */
export const flippedBit: Run = async (random, { pack, trust }) => {
  const changed = Buffer.from(pack);
  const at = random.below(changed.length - 2) + 2;
  changed[at] = (changed[at] ?? 0) ^ (1 << random.below(8));
  return [
    verdictOf(changed, trust),
    { codes: ['container_changed', 'manifest_mismatch', 'manifest_signature_invalid'] },
  ];
};

/** The whole pack is signed anew with a key that bears the log's name. */
export const swappedKey: Run = async (random, { log, pack, trust }) => {
  const files = filesOf(pack);
  const own = newSigner();
  for (const path of files.keys()) {
    if (path !== CHECKPOINT && !path.endsWith('.checkpoint')) continue;
    const { text } = parseNote(files.get(path)?.toString() ?? '');
    files.set(path, Buffer.from(signNote(text, [own], 0)));
  }
  if (random.below(2) === 0) files.set(LOG_KEY, Buffer.from(`${formatVerifierKey(own.verifier)}\n`));
  void log;
  return [verdictOf(await repacked(files, own), trust), { codes: ['key_swap'] }];
};

/** The log's owner rewrites an entry and everything above it; the witness still has what it has signed. */
export const rewrittenLog: Run = async (random, { log, query, options, trust }) => {
  const place = random.below(log.kept.length);
  const forged = await forgedPack(log, query, { ...options, earlier: [] }, SIGNER, (kept) => {
    const entry = Buffer.from(kept[place]?.entry ?? Buffer.alloc(1));
    // A digit of the time: the entry stays one that can be read.
    const at = entry.indexOf('"time":"2026') + '"time":"2026-11-22T12:00:0'.length;
    entry[at] = entry[at] === 0x31 ? 0x32 : 0x31;
    kept[place] = { ...kept[place], stream: kept[place]?.stream ?? '', entry };
  });
  if (forged === undefined) return undefined;
  if (random.below(2) === 0) return [verdictOf(forged, trust), { codes: ['unwitnessed'], notBehind: 0 }];
  const witnessed = { ...trust, checkpoints: [await log.checkpoint(log.kept.length, WITNESSES)] };
  return [verdictOf(forged, witnessed), { codes: ['fork'], notBehind: place }];
};

/** The log's owner puts an entry that says an earlier time among later ones. */
export const backDated: Run = async (random, { log, options, trust }) => {
  const times = log.kept.length;
  const place = 1 + random.below(times);
  const late = 3_000;
  const forged = new MemoryLog(SIGNER);
  forged.kept.push(...log.kept.slice(0, place));
  forged.append('read-late', timeAt(late * 3), [{ type: 'LedgerRead', data: { what: 'calls', query: {} } }]);
  forged.append('read-early', timeAt(late), [{ type: 'LedgerRead', data: { what: 'calls', query: {} } }]);
  const pack = await packOf(forged, {}, { ...options, earlier: [] });
  return [verdictOf(pack, { vkey: trust.vkey ?? '' }), { codes: ['back_dated'], exact: place + 1 }];
};

/** An older pack is shown where a newer one was asked for: the end of the log is missing. */
export const olderPack: Run = async (random, { log, options, trust }) => {
  const size = 1 + random.below(log.kept.length - 1);
  const pack = await packOf(log, {}, { ...options, earlier: [], size });
  const checkpoints = [await log.checkpoint(log.kept.length, WITNESSES)];
  return [verdictOf(pack, { ...trust, checkpoints }), { codes: ['tail_cut'], exact: size }];
};

/** The log's owner leaves out an entry of a stream, from the start. */
export const gapInStream: Run = async (random, { log, options, trust }) => {
  const streams = Map.groupBy([...log.kept.keys()], (index) => log.kept[index]?.stream ?? '');
  const long = [...streams.values()].filter((places) => places.length > 2);
  if (long.length === 0) return undefined;
  const places = random.pick(long);
  const nth = 1 + random.below(places.length - 2);
  const forged = new MemoryLog(SIGNER);
  forged.kept.push(...log.kept.filter((_, index) => index !== places[nth]));
  const pack = await packOf(forged, { principal: 'nobody' }, { ...options, earlier: [] });
  const next = (places[nth + 1] ?? 0) - 1;
  return [verdictOf(pack, { vkey: trust.vkey ?? '' }), { codes: ['stream_broken'], exact: next }];
};

const forgedPack = async (
  log: MemoryLog,
  query: EvidenceQuery,
  options: PackOptions,
  signer: NoteSigner,
  change: (kept: MemoryLog['kept']) => void,
): Promise<Buffer | undefined> => {
  const forged = new MemoryLog(signer);
  forged.kept.push(...log.kept);
  change(forged.kept);
  return packOf(forged, query, options);
};
