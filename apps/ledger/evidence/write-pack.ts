import { createPublicKey, hash } from 'node:crypto';
import { CountersignError } from '#core/errors.js';
import { canonicalJson, type Json } from '#core/evidence/canonical-json.js';
import type { EvidenceQuery } from '#core/evidence/evidence-query.js';
import { signedCheckpoint } from '#evidence/check-head.js';
import { bundleEnd, bundleStarts } from '#evidence/check-range.js';
import {
  bundlePath,
  CHECKPOINT,
  COMPLETENESS,
  consistencyPath,
  disclosurePath,
  earlierCheckpointPath,
  entryPath,
  LOG_KEY,
  LOG_KEY_PEM,
  MANIFEST,
  MANIFEST_NOTE,
  type Manifest,
  manifestNoteText,
  PACK_FORMAT,
  policyPath,
  profilePath,
  proofPath,
  QUERY,
  RANGE_LEAVES,
  RANGE_PROOF,
  REPORT,
  TLOG_POLICY,
  timestampPath,
} from '#evidence/pack-format.js';
import { rangeProof, rootsFromRange } from '#evidence/range-proof.js';
import type { PackFile } from '#evidence/zip-write.js';
import type { Checkpoint } from '#tlog/checkpoint.js';
import { sameHash } from '#tlog/merkle.js';
import { signNote } from '#tlog/note.js';
import { formatVerifierKey, type NoteVerifier } from '#tlog/note-key.js';
import { consistencyProof, inclusionProof } from '#tlog/proof.js';
import { encodeBundle } from '#tlog/tile.js';
import { formatTlogProof } from '#tlog/tlog-proof.js';
import { type Collected, collect, type Opened } from './collect.js';
import type { Disclosed, PackFacts, PackSources } from './pack-sources.js';
import { reportHtml } from './report.js';

const SALT_BYTES = 32;

type Load = () => Uint8Array | Promise<Uint8Array>;

/** Files of a pack in the order of their names, the manifest last; each is made when it is its turn. */
export class PackWriter {
  private readonly files = new Map<string, Load>();

  private constructor(
    private readonly sources: PackSources,
    private readonly facts: PackFacts,
    private readonly head: Checkpoint,
    private readonly collected: Collected,
  ) {}

  /**
   * Gathers the answer and proves it against the signed tree; nothing is given out of a log that does not fit.
   * @throws CountersignError not_found, internal
   */
  static async prepare(
    sources: PackSources,
    query: EvidenceQuery,
    disclose: readonly Disclosed[],
    facts: PackFacts,
    verifiers: readonly PackFile[],
  ): Promise<PackWriter> {
    const { checkpoint: head } = signedCheckpoint(sources.checkpoint);
    const collected = await collect(sources, query, disclose, head.size);
    const writer = new PackWriter(sources, facts, head, collected);
    await writer.addRange();
    writer.addLog();
    writer.addSingles();
    writer.addAttachments();
    writer.addJson(QUERY, query as unknown as Json);
    writer.addJson(COMPLETENESS, collected.completeness as unknown as Json);
    writer.addText(REPORT, reportHtml({ query, head, collected, facts, key: sources.signer.verifier }));
    for (const { path, bytes } of verifiers) writer.files.set(path, () => bytes);
    return writer;
  }

  get calls(): number {
    return this.collected.completeness.calls.length;
  }

  async *all(): AsyncGenerator<PackFile> {
    const listed: Manifest['files'][number][] = [];
    for (const [path, load] of [...this.files].sort(([one], [other]) => (one < other ? -1 : 1))) {
      const bytes = await load();
      listed.push({ path, bytes: bytes.length, sha256: hash('sha256', bytes, 'hex') });
      yield { path, bytes };
    }
    const manifest: Manifest = {
      format: PACK_FORMAT,
      origin: this.head.origin,
      size: this.head.size,
      exported_at: this.facts.exported_at,
      product: this.facts.product,
      engines: this.collected.engines,
      files: listed,
    };
    const bytes = Buffer.from(canonicalJson(manifest as unknown as Json));
    yield { path: MANIFEST, bytes };
    const text = manifestNoteText(this.head.origin, hash('sha256', bytes, 'hex'));
    yield { path: MANIFEST_NOTE, bytes: Buffer.from(signNote(text, [this.sources.signer], 0)) };
  }

  private addText(path: string, text: string): void {
    this.files.set(path, () => Buffer.from(text));
  }

  private addJson(path: string, value: Json): void {
    this.addText(path, canonicalJson(value));
  }

  private async addRange(): Promise<void> {
    const { completeness, leaves } = this.collected;
    const { range } = completeness;
    if (range === null) return;
    const proof = await rangeProof(range.from, range.to, this.head.size, this.sources.readTile);
    const roots = rootsFromRange(proof, leaves, this.head.size);
    if (roots === undefined || !sameHash(roots.root, this.head.root))
      throw new CountersignError('internal', 'the entries of the store are not those of the signed log');
    const { from, to } = range;
    this.addJson(RANGE_PROOF, { from, to, left: proof.left.map(base64), right: proof.right.map(base64) });
    this.files.set(RANGE_LEAVES, () => leaves);
    for (const start of bundleStarts(from, to))
      this.files.set(bundlePath(start), () => this.bundle(start, bundleEnd(start, to)));
  }

  private async bundle(from: number, to: number): Promise<Uint8Array> {
    const entries: Uint8Array[] = [];
    for await (const { bytes } of this.sources.entries(from, to)) entries.push(bytes);
    return encodeBundle(entries);
  }

  private addLog(): void {
    const { checkpoint, earlier, policy, signer, timestamps } = this.sources;
    this.addText(CHECKPOINT, checkpoint);
    this.addText(LOG_KEY, `${formatVerifierKey(signer.verifier)}\n`);
    this.addText(LOG_KEY_PEM, publicKeyPem(signer.verifier));
    if (policy !== undefined) this.addText(TLOG_POLICY, policy);
    for (const note of earlier) {
      const { size } = signedCheckpoint(note).checkpoint;
      if (size >= this.head.size) continue;
      this.addText(earlierCheckpointPath(size), note);
      this.files.set(consistencyPath(size), () => this.consistency(size));
    }
    const nth = new Map<number, number>();
    for (const { size, token } of timestamps) {
      const number = (nth.get(size) ?? 0) + 1;
      nth.set(size, number);
      this.files.set(timestampPath(size, number), () => token);
    }
  }

  private async consistency(first: number): Promise<Uint8Array> {
    const second = this.head.size;
    const hashes = (await consistencyProof(first, second, this.sources.readTile)).map(base64);
    return Buffer.from(canonicalJson({ first, second, hashes }));
  }

  private addSingles(): void {
    for (const [index, bytes] of this.collected.singles) {
      this.files.set(entryPath(index), () => bytes);
      this.files.set(proofPath(index), async () => {
        const hashes = await inclusionProof(index, this.head.size, this.sources.readTile);
        return Buffer.from(formatTlogProof({ index, hashes, checkpoint: this.sources.checkpoint }));
      });
    }
  }

  private addAttachments(): void {
    const { opened, policies, profiles } = this.collected;
    for (const [digest, { bytes }] of policies) this.files.set(policyPath(digest), () => bytes);
    for (const [digest, bytes] of profiles) this.files.set(profilePath(digest), () => bytes);
    for (const one of opened) this.addJson(disclosurePath(one.event), disclosureOf(one));
  }
}

const disclosureOf = ({ event, index, commit, salted }: Opened): Json => ({
  event,
  index,
  commit,
  salt: base64(salted.subarray(0, SALT_BYTES)),
  bytes: base64(salted.subarray(SALT_BYTES)),
});

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** For openssl (RFC 8410). */
const publicKeyPem = ({ publicKey }: NoteVerifier): string =>
  createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(publicKey).toString('base64url') },
    format: 'jwk',
  })
    .export({ type: 'spki', format: 'pem' })
    .toString();
