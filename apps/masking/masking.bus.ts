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
} from '#contracts/masking.js';
import { requireOpen } from '#core/disclosure/decide-disclosure.js';
import { type DisclosureEvent, disclosureStream } from '#core/disclosure/disclosure.events.js';
import { type DisclosureState, evolveDisclosure, NO_DISCLOSURE } from '#core/disclosure/disclosure.state.js';
import { CountersignError } from '#core/errors.js';
import { asEvent, readEntry } from '#core/evidence/read-entry.js';
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
  async open({ sealed, commit }: SealedRef & { purpose: string }) {
    return { bytes: await this.opened({ sealed, commit }) };
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

  private opened({ sealed, commit }: SealedRef): Promise<Uint8Array> {
    return this.sealedText(() => this.keys.opener.open(sealed, commit));
  }

  private async sealedText<Text>(open: () => Promise<Text>): Promise<Text> {
    try {
      return await open();
    } catch (error) {
      throw new CountersignError('masking_unavailable', (error as Error).message);
    }
  }
}
