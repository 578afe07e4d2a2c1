import { Controller, Inject } from '@nestjs/common';
import { Answers } from '#bus/answers.js';
import { policyDecide, policyDelegation, policyFilter, policyRoles } from '#contracts/policy.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import type { Digest } from '#core/hash.js';
import { decidePolicy } from '#core/policy/decide-policy.js';
import { actsForOf, delegationLimits } from '#core/policy/delegation-of.js';
import { maskingOfUse, mayUse } from '#core/policy/may-use.js';
import type { MaskingProfile, TargetKind } from '#core/policy/policy.types.js';
import { rolesOf } from '#core/policy/roles-of.js';
import { profileDigest } from '#policy-file/profile-digest.js';
import { Activator } from './activator.js';
import { type Active, ActivePolicy } from './active-policy.js';

interface DecideRequest {
  readonly groups: readonly string[];
  readonly kind?: TargetKind | undefined;
  readonly server: string;
  readonly tool: string;
  readonly args: Uint8Array;
  readonly token: JsonObject;
  readonly now: string;
  readonly stale?: Digest | undefined;
}

@Controller()
export class PolicyBus {
  private readonly digests = new WeakMap<MaskingProfile, Digest>();

  constructor(
    @Inject(ActivePolicy) private readonly active: ActivePolicy,
    @Inject(Activator) private readonly activator: Pick<Activator, 'refresh'>,
  ) {}

  @Answers(policyDecide)
  async decide({ args, stale, ...facts }: DecideRequest) {
    const { policy, digest } = await this.policyOfNow(stale);
    const decision = decidePolicy(policy, {
      ...facts,
      args: JSON.parse(Buffer.from(args).toString('utf8')) as JsonObject,
    });
    return {
      decision,
      policyDigest: digest,
      profileDigest: decision.profile === null ? null : this.digestOf(decision.profile),
    };
  }

  @Answers(policyFilter)
  async filter({
    groups,
    tools,
  }: {
    groups: readonly string[];
    tools: readonly { kind?: TargetKind | undefined; server: string; tool: string }[];
  }) {
    const { policy } = await this.policyOfNow();
    const allowed = tools.map(({ kind, server, tool }) => mayUse(policy, groups, server, tool, kind));
    const usable = tools.filter((_, index) => allowed[index] === true);
    return { allowed, profile: maskingOfUse(policy, groups, usable) };
  }

  @Answers(policyRoles)
  async roles({ groups }: { groups: readonly string[] }) {
    const { policy } = await this.policyOfNow();
    const roles = rolesOf(policy, groups);
    return { roles: [...roles], actsFor: [...actsForOf(policy, roles)] };
  }

  @Answers(policyDelegation)
  async delegation() {
    const { policy } = await this.policyOfNow();
    return { limits: [...delegationLimits(policy)] };
  }

  /** @param stale the ledger has refused what this policy decided @throws CountersignError policy_unavailable */
  private async policyOfNow(stale?: Digest): Promise<Active> {
    await this.activator.refresh(stale);
    return this.active.get();
  }

  private digestOf(profile: MaskingProfile): Digest {
    const known = this.digests.get(profile);
    if (known !== undefined) return known;
    const digest = profileDigest(profile);
    this.digests.set(profile, digest);
    return digest;
  }
}
