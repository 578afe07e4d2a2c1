import { hash } from 'node:crypto';
import type { Entry } from '#core/evidence/entry.js';
import type { CallChecks } from './check-calls.js';
import type { Pack } from './pack.js';
import { type DisclosureFile, disclosurePath, policyPath, profilePath } from './pack-format.js';
import { bytesOf, countOf, objectOf, textOf } from './read-json.js';

/** Policies and masking profiles that decided are in the pack, by the digest under which they decided. */
export const checkPolicies = (pack: Pack, { policies, profiles, recorded }: CallChecks): void => {
  for (const digest of policies)
    if (!recorded.has(`policy-${digest.slice('sha256:'.length)}`))
      mismatch(pack, policyPath(digest), 'decided, and the entry that records it is not in the pack');
  const named = [...[...policies].map(policyPath), ...[...profiles].map(profilePath)];
  for (const file of named) if (!pack.zip.has(file)) mismatch(pack, file, 'decided and is not in the pack');
  for (const file of [...pack.in('policy-bundles'), ...pack.in('masking-profiles')]) {
    const digest = hash('sha256', pack.bytes(file) ?? '', 'hex');
    if (!file.endsWith(`/${digest}.json`)) mismatch(pack, file, 'is not what its digest says');
  }
};

const mismatch = (pack: Pack, file: string, why: string): void =>
  pack.findings.add('policy_mismatch', `${file} ${why}`, { file });

/** Bytes opened for the examiner are those that their entries commit to. */
export class Disclosures {
  private readonly files = new Map<string, DisclosureFile>();
  private readonly met = new Set<string>();

  constructor(private readonly pack: Pack) {
    for (const file of pack.in('disclosures')) {
      const opened = pack.json(file, (value) => {
        const { event, index, commit, salt, bytes } = objectOf(value);
        bytesOf(salt);
        bytesOf(bytes);
        return {
          event: textOf(event),
          index: countOf(index),
          commit: textOf(commit) as DisclosureFile['commit'],
          salt: textOf(salt),
          bytes: textOf(bytes),
        };
      });
      if (opened === undefined) continue;
      if (disclosurePath(opened.event) !== file) this.bad(file, 'is about another event than its name');
      this.files.set(opened.event, opened);
    }
  }

  get count(): number {
    return this.files.size;
  }

  add(index: number, { id, payload }: Entry): void {
    const opened = this.files.get(id);
    if (opened === undefined) return;
    this.met.add(id);
    const file = disclosurePath(id);
    const salted = Buffer.concat([Buffer.from(opened.salt, 'base64'), Buffer.from(opened.bytes, 'base64')]);
    const commit = `sha256:${hash('sha256', salted, 'hex')}`;
    const opensIt =
      commit === payload?.commit && Buffer.from(opened.bytes, 'base64').length === payload.bytes;
    if (opened.index !== index) this.bad(file, `is not about entry ${index}`, index);
    else if (!opensIt || opened.commit !== commit)
      this.bad(file, `does not hold the bytes that entry ${index} commits to`, index);
  }

  finish(): void {
    for (const event of this.files.keys())
      if (!this.met.has(event)) this.bad(disclosurePath(event), 'is about an event that is not in the pack');
  }

  private bad(file: string, why: string, index?: number): void {
    this.pack.findings.add('disclosure_mismatch', `${file} ${why}`, {
      file,
      ...(index === undefined ? {} : { index }),
    });
  }
}
