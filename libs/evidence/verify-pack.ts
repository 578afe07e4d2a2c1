import type { Json } from '#core/evidence/canonical-json.js';
import type { EvidenceQuery } from '#core/evidence/evidence-query.js';
import { readEntry } from '#core/evidence/read-entry.js';
import { checkPolicies, Disclosures } from './check-attachments.js';
import { CallChecks } from './check-calls.js';
import { checkEarlier, checkGiven, checkWitnesses, type Earlier } from './check-consistency.js';
import { type Head, type KnownRoot, readHead, signedCheckpoint, type Trust } from './check-head.js';
import { checkFiles, checkManifestNote, readManifest } from './check-manifest.js';
import { checkRange, entriesOfRange, HashList, type LogEntry } from './check-range.js';
import { checkSingles } from './check-singles.js';
import { checkTimestamps } from './check-timestamps.js';
import { type Finding, Findings } from './finding.js';
import { NoPack, Pack } from './pack.js';
import { COMPLETENESS, type Completeness, MANIFEST, QUERY } from './pack-format.js';
import { countOf, listOf, objectOf, textOf } from './read-json.js';
import { type ByteSource, ContainerError, Zip } from './zip-read.js';

export type { Trust } from './check-head.js';

/** What was looked at; meaningful only together with the findings. */
export interface Facts {
  readonly origin: string;
  readonly size: number;
  readonly root: string;
  /** Name and id of the log's key, and whether the examiner brought it. */
  readonly key: string;
  readonly keyFrom: 'given' | 'pack';
  readonly range: { readonly from: number; readonly to: number } | null;
  readonly entries: number;
  readonly calls: number;
  /** Listed calls that had not ended at this size of the log. */
  readonly open: number;
  /** The quorum of witnesses has cosigned a tree of so many entries; 0 = none. */
  readonly witnessed: number;
  readonly disclosures: number;
  readonly timestamps: number;
}

export interface Verdict {
  readonly ok: boolean;
  readonly findings: readonly Finding[];
  readonly facts: Facts | null;
}

/**
 * Checks an evidence pack against its signed checkpoint and against what the examiner knows from elsewhere. Needs no
 * network and no service. Memory: 32 bytes an entry and a few hundred a stream.
 * @throws NoPack when the bytes are no pack at all, or a key, policy or checkpoint given is unusable
 */
export const verifyPack = (source: ByteSource, trust: Trust = {}): Verdict => {
  const findings = new Findings();
  const facts = examine(source, trust, findings);
  return { ok: findings.all.length === 0, findings: findings.all, facts };
};

const examine = (source: ByteSource, trust: Trust, findings: Findings): Facts | null => {
  const zip = openZip(source, findings);
  if (zip === undefined) return null;
  const pack = new Pack(zip, findings);
  const manifest = readManifest(pack);
  if (manifest !== undefined) checkFiles(pack, manifest);
  const head = readHead(pack, trust);
  if (head === undefined) return null;
  checkManifestNote(pack, head.origin, head.key);
  if (manifest !== undefined && (manifest.origin !== head.origin || manifest.size !== head.size))
    findings.add('manifest_mismatch', 'the manifest is about another checkpoint', { file: MANIFEST });
  const said = pack.json(COMPLETENESS, completenessOf);
  const query = pack.json(QUERY, queryOf);
  if (said === undefined || query === undefined) return null;
  return checkContents(pack, head, trust, said, query);
};

const openZip = (source: ByteSource, findings: Findings): Zip | undefined => {
  if (source.length < 4 || Buffer.from(source.read(0, 2)).toString('latin1') !== 'PK')
    throw new NoPack('this is not an evidence pack: it is no zip');
  try {
    return Zip.open(source);
  } catch (error) {
    if (!(error instanceof ContainerError)) throw error;
    findings.add('container_changed', error.message);
    return undefined;
  }
};

const checkContents = (
  pack: Pack,
  head: Head,
  trust: Trust,
  said: Completeness,
  query: EvidenceQuery,
): Facts => {
  if (
    (said.kind === 'call') !== (query.call !== undefined) ||
    (said.range === null) !== (said.kind === 'call')
  )
    pack.findings.add('incomplete', 'the statement of completeness is not one for this query', {
      file: COMPLETENESS,
    });
  const earlier = checkEarlier(pack, head);
  const timestamps = checkTimestamps(pack, head, earlier);
  const { entries, needed, known, calls, disclosures } = checkEntries(
    pack,
    head,
    trust,
    said,
    query,
    earlier,
  );
  calls.finish();
  disclosures.finish();
  checkPolicies(pack, calls);
  checkGiven(pack, head, trust, known);
  return {
    origin: head.origin,
    size: head.size,
    root: Buffer.from(head.root).toString('base64'),
    key: `${head.key.name}+${head.key.keyId}`,
    keyFrom: head.keyFrom,
    range: said.range,
    entries,
    calls: said.calls.length,
    open: said.calls.filter(({ closed }) => !closed).length,
    witnessed: checkWitnesses(pack, head, trust, earlier, needed),
    disclosures: disclosures.count,
    timestamps,
  };
};

/** All entries in the order of the log: those with a proof of their own before the range, the range, those behind it. */
const checkEntries = (
  pack: Pack,
  head: Head,
  trust: Trust,
  said: Completeness,
  query: EvidenceQuery,
  earlier: readonly Earlier[],
) => {
  const calls = new CallChecks(pack.findings, query, said, head.size);
  const disclosures = new Disclosures(pack);
  const singles = checkSingles(pack, head);
  let entries = 0;
  const read = ({ index, bytes }: LogEntry): void => {
    entries += 1;
    try {
      const entry = readEntry(bytes);
      calls.add(index, entry);
      disclosures.add(index, entry);
    } catch (error) {
      pack.findings.add('file_malformed', `entry ${index} cannot be read: ${(error as Error).message}`, {
        index,
      });
    }
  };
  const { range } = said;
  for (const entry of singles) if (range === null || entry.index < range.from) read(entry);
  let known: readonly KnownRoot[] = earlier;
  if (range !== null) {
    const hashes = new HashList();
    for (const entry of entriesOfRange(pack, range)) {
      hashes.add(entry.bytes);
      read(entry);
    }
    const sizes = (trust.checkpoints ?? []).map((text) => sizeOf(text));
    known = [...earlier, ...checkRange(pack, head, range, hashes.bytes, earlier, sizes)];
    for (const entry of singles) if (entry.index >= range.from) read(entry);
  }
  const needed = Math.max(range?.to ?? 0, (singles.at(-1)?.index ?? -1) + 1);
  return { entries, needed, known: new Map(known.map((each) => [each.size, each])), calls, disclosures };
};

/** Checkpoints that cannot be read are refused where they are compared. */
const sizeOf = (text: string): number => {
  try {
    return signedCheckpoint(text).checkpoint.size;
  } catch {
    return 0;
  }
};

const completenessOf = (value: Json): Completeness => {
  const { kind, range, calls } = objectOf(value);
  if (kind !== 'range' && kind !== 'call') throw new TypeError('kind is range or call');
  return { kind, range: range === null ? null : rangeOf(range), calls: listOf(calls, callOf) };
};

const rangeOf = (value: Json | undefined) => {
  const range = objectOf(value);
  const [from, to] = [countOf(range['from']), countOf(range['to'])];
  if (from > to) throw new TypeError('the range ends before it begins');
  return { from, to };
};

const callOf = (value: Json) => {
  const { id, entries, closed, approvals } = objectOf(value);
  if (typeof closed !== 'boolean') throw new TypeError('closed is true or false');
  return { id: textOf(id), entries: countOf(entries), closed, approvals: listOf(approvals, approvalOf) };
};

const approvalOf = (value: Json) => {
  const { id, entries } = objectOf(value);
  return { id: textOf(id), entries: countOf(entries) };
};

const QUERY_MEMBERS = new Set('call principal agent method server tool decision rule from to'.split(' '));

const queryOf = (value: Json): EvidenceQuery => {
  const query = objectOf(value);
  for (const [name, member] of Object.entries(query)) {
    if (!QUERY_MEMBERS.has(name)) throw new TypeError(`"${name}" is not part of a query`);
    textOf(member);
  }
  for (const time of [query['from'], query['to']])
    if (time !== undefined && !isEntryTime(textOf(time)))
      throw new TypeError('times are as entries have them');
  return query as EvidenceQuery;
};

const isEntryTime = (text: string): boolean => {
  const at = Date.parse(text);
  return !Number.isNaN(at) && new Date(at).toISOString() === text;
};
