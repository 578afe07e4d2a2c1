import { setImmediate as nextTurn } from 'node:timers/promises';
import { Controller, Inject } from '@nestjs/common';
import { Answers } from '#bus/answers.js';
import { maskingIndex, maskingIndexQuery } from '#contracts/masking.js';
import type { Json } from '#core/evidence/canonical-json.js';
import type { Digest } from '#core/hash.js';
import { indexTerms, queryTerms } from '#core/search/index-terms.js';
import { BlindIndex } from './blind-index.js';
import { SEALING_KEYS, type SealingKeys } from './masking.bus.js';

interface SealedRef {
  readonly sealed: Uint8Array;
  readonly commit: Digest;
}

/** Lets the ledger find calls by a value it may not see: payloads come in, tokens go out. */
@Controller()
export class IndexBus {
  constructor(
    @Inject(SEALING_KEYS) private readonly keys: SealingKeys,
    @Inject(BlindIndex) private readonly index: BlindIndex,
  ) {}

  @Answers(maskingIndex)
  async tokens({ payloads }: { payloads: readonly SealedRef[] }) {
    const answers: ({ tokens: Uint8Array; truncated: boolean } | null)[] = [];
    for (const payload of payloads) {
      answers.push(await this.tokensOf(payload));
      // Between two payloads calls under way go first.
      await nextTurn();
    }
    return { key: this.index.key, payloads: answers };
  }

  @Answers(maskingIndexQuery)
  query({ value, field }: { value: string; field?: string | undefined }) {
    const tokens = queryTerms(value, field).map((term) => this.index.token(term));
    return { key: this.index.key, tokens };
  }

  private async tokensOf({ sealed, commit }: SealedRef) {
    const payload = await this.keys.opener.open(sealed, commit).catch(() => undefined);
    if (payload === undefined) return null;
    const { terms, truncated } = indexTerms(jsonOf(payload));
    return { tokens: this.index.tokensOf(terms), truncated };
  }
}

/** What is not JSON is searched as one text. */
const jsonOf = (payload: Uint8Array): Json => {
  const text = Buffer.from(payload).toString('utf8');
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
};
