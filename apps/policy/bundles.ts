import { Inject, Injectable } from '@nestjs/common';
import { BUS, type Bus } from '#bus/bus.js';
import { decideOnStream, readState } from '#bus/decide-on-stream.js';
import { CountersignError } from '#core/errors.js';
import { canonicalJson, type Json } from '#core/evidence/canonical-json.js';
import type { Digest } from '#core/hash.js';
import { isKnownSemantics } from '#core/policy/decision-engines.js';
import { type PolicyEvent, type PolicyRecorded, policyStream } from '#core/policy/policy.events.js';
import type { PolicyBundle } from '#core/policy/policy.types.js';
import { sha256 } from '#sealing/sha256.js';
import { INSTANCE, POLICY_SERVICE } from './policy-service.js';

const KEPT_MAX = 8;

/** Compiled policies in the ledger, by digest. */
@Injectable()
export class Bundles {
  private readonly kept = new Map<Digest, PolicyBundle>();

  constructor(@Inject(BUS) private readonly bus: Bus) {}

  /** On record once this returns, if it was not before: no decision could be replayed without it. @throws CountersignError ledger_* */
  async record(digest: Digest, bundle: PolicyBundle): Promise<void> {
    const attachment = Buffer.from(canonicalJson(bundle as unknown as Json));
    const recorded: PolicyRecorded = {
      type: 'PolicyRecorded',
      v: 1,
      data: { digest, name: bundle.name, semantics: bundle.semantics },
      payload: { commit: digest, bytes: attachment.length },
    };
    await decideOnStream<boolean, PolicyEvent>(this.bus, {
      ...textOf(digest),
      decide: (isThere) => (isThere ? [] : [recorded]),
      actor: POLICY_SERVICE,
      correlation: () => digest,
      causation: INSTANCE,
      attachmentOf: () => attachment,
    });
    this.keep(digest, bundle);
  }

  /** @throws CountersignError policy_unavailable: it is not on record as its digest says, or of another release; ledger_* */
  async load(digest: Digest): Promise<PolicyBundle> {
    const known = this.kept.get(digest);
    if (known !== undefined) return known;
    const { entries } = await readState<boolean, PolicyEvent>(this.bus, textOf(digest));
    const bytes = entries.find(({ entry }) => entry.type === 'PolicyRecorded')?.attachment;
    if (bytes === undefined || sha256(bytes) !== digest)
      throw new CountersignError('policy_unavailable', `the policy ${digest} is not on record`);
    const bundle = JSON.parse(Buffer.from(bytes).toString('utf8')) as PolicyBundle;
    if (!isKnownSemantics(bundle.semantics))
      throw new CountersignError('policy_unavailable', `the policy ${digest} needs a newer release`);
    this.keep(digest, bundle);
    return bundle;
  }

  private keep(digest: Digest, bundle: PolicyBundle): void {
    this.kept.delete(digest);
    this.kept.set(digest, bundle);
    const [oldest] = this.kept.keys();
    if (this.kept.size > KEPT_MAX && oldest !== undefined) this.kept.delete(oldest);
  }
}

const textOf = (digest: Digest) => ({
  stream: policyStream(digest),
  initial: false,
  evolve: (isThere: boolean, { type }: PolicyEvent): boolean => isThere || type === 'PolicyRecorded',
});
