import { maskingMask } from '#contracts/masking.js';
import type { Finding } from '#core/masking/finding.js';
import type { Gateway } from '../gateway.js';
import type { Decided } from './decide.js';

export interface Masked {
  readonly masked: Uint8Array;
  readonly findings: readonly Finding[];
  readonly blocked: boolean;
  readonly engine: string;
  readonly surface: 'result' | 'error';
}

/** @throws CountersignError masking_unavailable, masking_blocked */
export const mask = async (
  gateway: Gateway,
  decided: Decided,
  returned: { readonly kind: 'result' | 'error'; readonly bytes: Uint8Array },
): Promise<Masked> => {
  const surface = returned.kind;
  const reply = await gateway.bus.request(maskingMask, {
    body: returned.bytes,
    surface,
    profile: decided.decision.profile,
  });
  return { ...reply, surface };
};
