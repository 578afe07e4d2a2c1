import type { EvidenceQuery } from '#core/evidence/evidence-query.js';
import type { Digest } from '#core/hash.js';

/** Files of an evidence pack (docs/evidence.md). Changes with every change that an older verifier could misread. */
export const PACK_FORMAT = 'countersign-evidence/v1';

export const MANIFEST = 'manifest.json';
/** The SHA-256 of the manifest, signed by the log's key as a note. */
export const MANIFEST_NOTE = 'manifest.json.note';
export const CHECKPOINT = 'checkpoint';
export const QUERY = 'query.json';
export const COMPLETENESS = 'completeness.json';
export const RANGE_PROOF = 'range/proof.json';
/** SHA-256 leaf hashes of the range's entries, 32 bytes each: with them a verifier can say which entry is wrong. */
export const RANGE_LEAVES = 'range/leaves';
export const REPORT = 'report.html';
export const LOG_KEY = 'keys/log.vkey';
export const LOG_KEY_PEM = 'keys/log.pem';
export const TLOG_POLICY = 'keys/tlog-policy';

const numbered = (index: number): string => String(index).padStart(12, '0');

export const entryPath = (index: number): string => `entries/${numbered(index)}.json`;
export const proofPath = (index: number): string => `proofs/${numbered(index)}.tlog-proof`;
/** C2SP entry bundle (tlog-tiles) of the range's entries from `index` up to the next multiple of 256. */
export const bundlePath = (index: number): string => `range/${numbered(index)}.entries`;
export const earlierCheckpointPath = (size: number): string => `consistency/${numbered(size)}.checkpoint`;
export const consistencyPath = (size: number): string => `consistency/${numbered(size)}.json`;
/** A time-stamp token (RFC 3161) for the text of the checkpoint of this size. */
export const timestampPath = (size: number, nth: number): string => `tsa/${numbered(size)}-${nth}.tst`;
export const policyPath = (digest: string): string => `policy-bundles/${hexOf(digest)}.json`;
export const profilePath = (digest: string): string => `masking-profiles/${hexOf(digest)}.json`;
export const disclosurePath = (eventId: string): string => `disclosures/${eventId}.json`;

const hexOf = (digest: string): string => digest.slice('sha256:'.length);

/** Index or size in a path made above; undefined for other paths. */
export const numberIn = (path: string, folder: string, suffix: string): number | undefined => {
  if (!path.startsWith(`${folder}/`) || !path.endsWith(suffix)) return undefined;
  const number = path.slice(folder.length + 1, -suffix.length);
  return /^\d{12}$/.test(number) ? Number(number) : undefined;
};

export interface Manifest {
  readonly format: typeof PACK_FORMAT;
  readonly origin: string;
  readonly size: number;
  readonly exported_at: string;
  /** Version of the product, and engines whose decisions and maskings are in the pack. */
  readonly product: string;
  readonly engines: readonly string[];
  readonly files: readonly { readonly path: string; readonly bytes: number; readonly sha256: string }[];
}

/** What the pack says of itself; nothing of it is believed, all of it is checked. */
export interface Completeness {
  /** `range`: all calls that match, shown by all entries of [from, to). `call`: one call, shown by its stream. */
  readonly kind: 'range' | 'call';
  readonly range: { readonly from: number; readonly to: number } | null;
  readonly calls: readonly ListedCall[];
}

export interface ListedCall {
  readonly id: string;
  /** How many entries its stream has in the log of this size. */
  readonly entries: number;
  /** It has ended: nothing but the mark of a continuation can follow. */
  readonly closed: boolean;
  /** Approvals it was held for or ran under, and how many entries the stream of each has. */
  readonly approvals: readonly { readonly id: string; readonly entries: number }[];
}

export type QueryFile = EvidenceQuery;

export interface ConsistencyFile {
  readonly first: number;
  readonly second: number;
  readonly hashes: readonly string[];
}

/** Bytes that were opened for this pack: SHA-256(salt || bytes) is what the entry commits to. */
export interface DisclosureFile {
  readonly event: string;
  readonly index: number;
  readonly commit: Digest;
  /** Base64 of 32 bytes; empty where the commitment is the plain hash. */
  readonly salt: string;
  /** Base64. */
  readonly bytes: string;
}

const NOTE_FIRST_LINE = `${PACK_FORMAT} manifest`;

/** Three lines that no checkpoint can be: its second line would be a number. */
export const manifestNoteText = (origin: string, sha256_hex: string): string =>
  `${NOTE_FIRST_LINE}\n${origin}\nsha256:${sha256_hex}\n`;
