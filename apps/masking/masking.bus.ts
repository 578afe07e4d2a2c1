import { Controller, Inject } from '@nestjs/common';
import { Answers } from '#bus/answers.js';
import {
  maskingMask,
  maskingOpen,
  maskingReplay,
  maskingSealingKey,
  type ReplayItem,
} from '#contracts/masking.js';
import { CountersignError } from '#core/errors.js';
import type { Digest } from '#core/hash.js';
import { MASKING_ENGINE, maskBody } from '#core/masking/mask-body.js';
import type { MaskingProfile } from '#core/policy/policy.types.js';
import type { Opener } from '#sealing/opener.js';
import { NO_MASKING } from './no-masking.js';
import { replayItems } from './replay-items.js';

export interface SealingKeys {
  readonly kid: string;
  readonly publicKey: Record<string, string>;
  readonly opener: Opener;
}
export const SEALING_KEYS = Symbol('SEALING_KEYS');

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
  async replay({ items }: { items: readonly ReplayItem[] }) {
    return { items: await replayItems(this.keys.opener, items) };
  }

  private async opened({ sealed, commit }: SealedRef): Promise<Uint8Array> {
    try {
      return await this.keys.opener.open(sealed, commit);
    } catch (error) {
      throw new CountersignError('masking_unavailable', (error as Error).message);
    }
  }
}
