import { hash } from 'node:crypto';
import { canonicalJson, type Json } from '#core/evidence/canonical-json.js';
import type { EvidenceQuery } from '#core/evidence/evidence-query.js';
import { MANIFEST, MANIFEST_NOTE, type Manifest, manifestNoteText } from '#evidence/pack-format.js';
import { sourceOf, Zip } from '#evidence/zip-read.js';
import { type PackFile, zipOf } from '#evidence/zip-write.js';
import { signNote } from '#tlog/note.js';
import type { NoteSigner } from '#tlog/note-key.js';
import type { MemoryLog } from './memory-log.fixture.js';
import type { Disclosed } from './pack-sources.js';
import { verifierFiles } from './verifiers.js';
import { PackWriter } from './write-pack.js';

const FACTS = { product: '0.1.0', exported_at: '2026-11-23T00:00:00.000Z' };

export interface PackOptions {
  readonly size?: number;
  /** Sizes of earlier checkpoints. */
  readonly earlier?: readonly number[];
  readonly disclose?: readonly Disclosed[];
  readonly timestamps?: readonly { readonly size: number; readonly token: Uint8Array }[];
  /** False: without `verify/`, for packs that only our verifier in this process looks at. */
  readonly programs?: boolean;
}

export const zipped = async (files: AsyncIterable<PackFile> | Iterable<PackFile>): Promise<Buffer> => {
  const pieces: Uint8Array[] = [];
  for await (const piece of zipOf(files)) pieces.push(piece);
  return Buffer.concat(pieces);
};

/** A whole pack in memory. */
export const packOf = async (
  log: MemoryLog,
  query: EvidenceQuery,
  { size = log.kept.length, earlier = [], disclose = [], timestamps = [], programs = true }: PackOptions = {},
): Promise<Buffer> => {
  const sources = { ...(await log.sources(size, earlier)), timestamps };
  const verifiers = programs ? await verifierFiles() : [];
  return zipped((await PackWriter.prepare(sources, query, disclose, FACTS, verifiers)).all());
};

/** A pack taken apart, for those who change it. */
export type Files = Map<string, Buffer>;

export const filesOf = (pack: Buffer): Files => {
  const zip = Zip.open(sourceOf(pack));
  return new Map(zip.paths.map((path) => [path, Buffer.from(zip.read(path) ?? '')]));
};

export const jsonOf = <Value>(files: Files, path: string): Value =>
  JSON.parse(files.get(path)?.toString('utf8') ?? 'null') as Value;

export const putJson = (files: Files, path: string, value: object): void =>
  void files.set(path, Buffer.from(canonicalJson(value as Json)));

/** Put together again with a manifest that fits; signed anew by `signer`, else with the old signature. */
export const repacked = async (files: Files, signer?: NoteSigner): Promise<Buffer> => {
  const manifest = jsonOf<Manifest>(files, MANIFEST);
  const others = [...files].filter(([path]) => path !== MANIFEST && path !== MANIFEST_NOTE);
  const listed = others
    .map(([path, bytes]) => ({ path, bytes: bytes.length, sha256: hash('sha256', bytes, 'hex') }))
    .sort((one, other) => (one.path < other.path ? -1 : 1));
  putJson(files, MANIFEST, { ...manifest, files: listed });
  if (signer !== undefined) {
    const text = manifestNoteText(manifest.origin, hash('sha256', files.get(MANIFEST) ?? '', 'hex'));
    files.set(MANIFEST_NOTE, Buffer.from(signNote(text, [signer], 0)));
  }
  return zipped([...files].map(([path, bytes]) => ({ path, bytes })));
};
