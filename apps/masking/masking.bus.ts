import { Controller, Inject } from '@nestjs/common';
import { Answers } from '#bus/answers.js';
import { BUS, type Bus } from '#bus/bus.js';
import { ledgerReadStream } from '#contracts/ledger.js';
import {
  maskingDisclose,
  maskingMask,
  maskingOpen,
  maskingReplay,
  maskingSealingKey,
  type ReplayItem,
} from '#contracts/masking.js';
import { requireOpen } from '#core/disclosure/decide-disclosure.js';
import { type DisclosureEvent, disclosureStream } from '#core/disclosure/disclosure.events.js';
import { type DisclosureState, evolveDisclosure, NO_DISCLOSURE } from '#core/disclosure/disclosure.state.js';
import { CountersignError } from '#core/errors.js';
import { asEvent, readEntry } from '#core/evidence/read-entry.js';
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
  constructor(
    @Inject(SEALING_KEYS) private readonly keys: SealingKeys,
    @Inject(BUS) private readonly bus: Bus,
  ) {}

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
  async open({ sealed, commit, purpose }: SealedRef & { purpose: string }) {
    const { bytes, salt } = await this.sealedText(() => this.keys.opener.openSalted(sealed, commit));
    return purpose === 'evidence' ? { bytes, salt } : { bytes };
  }

  @Answers(maskingDisclose)
  async disclose({ disclosureId, sealed, commit }: SealedRef & { disclosureId: string }) {
    const { events } = await this.bus.request(ledgerReadStream, { stream: disclosureStream(disclosureId) });
    const state = events
      .map(({ entry }) => asEvent<DisclosureEvent>(readEntry(entry)))
      .reduce<DisclosureState>(evolveDisclosure, NO_DISCLOSURE);
    if (state.status !== 'granted' || state.opened === 0 || state.request.commit !== commit)
      throw new CountersignError('disclosure_not_open');
    requireOpen(state, state.request.requester, new Date().toISOString());
    return this.sealedText(() => this.keys.opener.openSalted(sealed, commit));
  }

  @Answers(maskingReplay)
  async replay({ items }: { items: readonly ReplayItem[] }) {
    return { items: await replayItems(this.keys.opener, items) };
  }

  private async sealedText<Text>(open: () => Promise<Text>): Promise<Text> {
    try {
      return await open();
    } catch (error) {
      throw new CountersignError('masking_unavailable', (error as Error).message);
    }
  }
}
