import { createHash, hash } from 'node:crypto';
import { canonicalJson, type Json } from '#core/evidence/canonical-json.js';
import { parseNote, verifyNote } from '#tlog/note.js';
import type { NoteVerifier } from '#tlog/note-key.js';
import { NoteError } from '#tlog/note-text.js';
import type { Pack } from './pack.js';
import { MANIFEST, MANIFEST_NOTE, type Manifest, manifestNoteText, PACK_FORMAT } from './pack-format.js';
import { countOf, listOf, objectOf, textOf } from './read-json.js';
import { ContainerError } from './zip-read.js';

export const readManifest = (pack: Pack): Manifest | undefined =>
  pack.json(MANIFEST, (value) => {
    const { format, origin, size, exported_at, product, engines, files } = objectOf(value);
    if (format !== PACK_FORMAT) throw new TypeError(`format ${String(format)} is not known here`);
    return {
      format,
      origin: textOf(origin),
      size: countOf(size),
      exported_at: textOf(exported_at),
      product: textOf(product),
      engines: listOf(engines, textOf),
      files: listOf(files, fileOf),
    };
  });

const fileOf = (value: Json) => {
  const { path, bytes, sha256 } = objectOf(value);
  return { path: textOf(path), bytes: countOf(bytes), sha256: textOf(sha256) };
};

/** Every file is the one the manifest names, and there is no other. */
export const checkFiles = (pack: Pack, manifest: Manifest): void => {
  const { zip, findings } = pack;
  const mismatch = (file: string, why: string) =>
    findings.add('manifest_mismatch', `${file} ${why}`, { file });
  const isCanonical = pack.text(MANIFEST) === canonicalJson(manifest as unknown as Json);
  if (!isCanonical) mismatch(MANIFEST, 'is not the canonical text of what it says');
  const named = new Set([MANIFEST, MANIFEST_NOTE]);
  for (const { path, bytes, sha256 } of manifest.files) {
    named.add(path);
    if (!zip.has(path)) mismatch(path, 'is named by the manifest and missing');
    else {
      const found = digestOf(pack, path);
      if (found === undefined) continue;
      if (found.sha256 !== sha256) mismatch(path, 'has other bytes than the manifest says');
      else if (found.bytes !== bytes) mismatch(path, 'has another length than the manifest says');
    }
  }
  for (const path of zip.paths) if (!named.has(path)) mismatch(path, 'is not named by the manifest');
};

const digestOf = ({ zip, findings }: Pack, path: string) => {
  const sha256 = createHash('sha256');
  let bytes = 0;
  try {
    for (const piece of zip.pieces(path)) {
      sha256.update(piece);
      bytes += piece.length;
    }
    return { sha256: sha256.digest('hex'), bytes };
  } catch (error) {
    if (!(error instanceof ContainerError)) throw error;
    findings.add('container_changed', error.message, { file: path });
    return undefined;
  }
};

/** The log's key has signed exactly this manifest: report, query and list of calls are the ledger's own. */
export const checkManifestNote = (pack: Pack, origin: string, key: NoteVerifier): void => {
  const manifest = pack.bytes(MANIFEST);
  const bytes = pack.bytes(MANIFEST_NOTE);
  if (manifest === undefined || bytes === undefined) return;
  const bad = (why: string) => pack.findings.add('manifest_signature_invalid', why, { file: MANIFEST_NOTE });
  try {
    const note = parseNote(bytes);
    if (note.text !== manifestNoteText(origin, hash('sha256', manifest, 'hex')))
      bad('the signed hash is not that of the manifest');
    verifyNote(note, [key]);
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    bad(error.message);
  }
};
