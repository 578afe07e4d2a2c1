import type { Authority } from '../oauth/authority.js';
import type { SealedStore } from '../store/sealed-store.js';
import type { Owner } from '../upstream-context.js';

/** What a person has consented to, sealed in the store. */
export interface Grant {
  /** The authorization server it came from; its tokens go to no other. */
  readonly authority: Authority;
  readonly accessToken: string;
  readonly refreshToken?: string | undefined;
  /** Epoch milliseconds; undefined: until it is refused. */
  readonly usableUntil_ms?: number | undefined;
  /** What was asked for; a step-up adds to it. */
  readonly scope?: string | undefined;
  readonly consent: {
    readonly id: string;
    readonly principal: string;
    readonly at: string;
  };
}

/** Why a consent is needed and what it must ask for, as the server has said; kept until it is given. */
export interface Need {
  readonly because: 'no_consent' | 'tokens_refused' | 'more_scopes' | 'other_issuer';
  readonly resourceMetadataUrl?: string | undefined;
  readonly scope?: string | undefined;
}

/** Grants and needs of one upstream, by owner. */
export const consentedGrants = (store: SealedStore, upstream: string) => {
  const grantKey = (owner: Owner) => `grant/${upstream}/${owner}`;
  const needKey = (owner: Owner) => `need/${upstream}/${owner}`;
  const stepUpsKey = (owner: Owner) => `step-ups/${upstream}/${owner}`;
  return {
    grant: async (owner: Owner) => (await store.read(grantKey(owner))) as Grant | undefined,
    keep: async (owner: Owner, grant: Grant) => store.write(grantKey(owner), grant),
    remove: async (owner: Owner) => {
      await store.remove(grantKey(owner));
    },
    need: async (owner: Owner) => (await store.read(needKey(owner))) as Need | undefined,
    setNeed: async (owner: Owner, need: Need) => store.write(needKey(owner), need),
    clearNeed: async (owner: Owner) => store.remove(needKey(owner)),
    /** When step-ups were asked for, in epoch milliseconds. */
    stepUps: async (owner: Owner) => ((await store.read(stepUpsKey(owner))) ?? []) as readonly number[],
    setStepUps: async (owner: Owner, at: readonly number[]) => store.write(stepUpsKey(owner), at),
  };
};

export type ConsentedGrants = ReturnType<typeof consentedGrants>;
