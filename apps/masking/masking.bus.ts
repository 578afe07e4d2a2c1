import { Controller, Inject } from '@nestjs/common';
import { Answers } from '#bus/answers.js';
import { maskingMask, maskingOpen, maskingReplay, maskingSealingKey } from '#contracts/masking.js';
import { CountersignError } from '#core/errors.js';
import type { Digest } from '#core/hash.js';
import { MASKING_ENGINE, maskBody } from '#core/masking/mask-body.js';
import { maskedPayload } from '#core/masking/masked-payload.js';
import type { MaskingProfile } from '#core/policy/policy.types.js';
import type { Opener } from '#sealing/opener.js';

export interface SealingKeys {
  readonly kid: string;
  readonly publicKey: Record<string, string>;
  readonly opener: Opener;
}
export const SEALING_KEYS = Symbol('SEALING_KEYS');

/** Policy may ask for no masking; the body is parsed all the same, so that nothing unreadable gets through. */
const NO_MASKING: MaskingProfile = {
  name: 'none',
  rules: [],
  unscannable: { image: 'keep', audio: 'keep', binary: 'keep', 'over-limit': 'block' },
};

type Surface = 'result' | 'error' | 'arguments';
interface SealedRef {
  readonly sealed: Uint8Array;
  readonly commit: Digest;
}

@Controller()
export class MaskingBus {
  constructor(@Inject(SEALING_KEYS) private readonly keys: SealingKeys) {}

  @Answers(maskingSealingKey)
  sealingKey() {
    return { kid: this.keys.kid, publicKey: this.keys.publicKey };
  }

  @Answers(maskingMask)
  mask({ body, surface, profile }: { body: Uint8Array; surface: Surface; profile: MaskingProfile | null }) {
    const { masked, findings, blocked } = maskBody(body, surface, profile ?? NO_MASKING);
    return { masked, findings: [...findings], blocked, engine: MASKING_ENGINE };
  }

  @Answers(maskingOpen)
  async open({ sealed, commit }: SealedRef & { purpose: string }) {
    return { bytes: await this.opened({ sealed, commit }) };
  }

  @Answers(maskingReplay)
  async replay(request: {
    original: SealedRef;
    masked: SealedRef;
    surface: Surface;
    profile: MaskingProfile | null;
    engine: string;
  }) {
    if (request.engine !== MASKING_ENGINE)
      return { identical: false, difference: `engine ${request.engine} is not known here` };
    const [original, recorded] = await Promise.all([
      this.opened(request.original),
      this.opened(request.masked),
    ]);
    const { masked, findings } = maskBody(original, request.surface, request.profile ?? NO_MASKING);
    const identical = Buffer.from(maskedPayload(findings, masked)).equals(recorded);
    return identical ? { identical } : { identical, difference: 'the masked bytes or findings differ' };
  }

  private async opened({ sealed, commit }: SealedRef): Promise<Uint8Array> {
    try {
      return await this.keys.opener.open(sealed, commit);
    } catch (error) {
      throw new CountersignError('masking_unavailable', (error as Error).message);
    }
  }
}
