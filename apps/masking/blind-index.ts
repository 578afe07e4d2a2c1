import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';
import { INDEX_TOKEN_BYTES } from '#contracts/masking.js';
import type { IndexTerm } from '#core/search/index-terms.js';
import { NORMAL_FORMS_VERSION } from '#core/search/normal-forms.js';

/**
 * Makes keyed tokens of values: HMAC-SHA256 (RFC 2104) over field NUL form, cut to INDEX_TOKEN_BYTES. Without the key a
 * token tells nothing, not even of a value with few possibilities such as an SSN.
 */
export class BlindIndex {
  /** Names the key and the version of the normal forms; a token is only comparable under the same name. */
  readonly key: string;
  private readonly secret: KeyObject;

  /** @param secret at least 32 random bytes as text */
  constructor(secret: string) {
    this.key = `bi${NORMAL_FORMS_VERSION}-${hash('sha256', `countersign blind index\0${secret}`, 'hex').slice(0, 16)}`;
    this.secret = createSecretKey(Buffer.from(secret));
  }

  tokensOf(terms: readonly IndexTerm[]): Uint8Array {
    const tokens = Buffer.alloc(terms.length * INDEX_TOKEN_BYTES);
    terms.forEach((term, index) => {
      tokens.set(this.token(term), index * INDEX_TOKEN_BYTES);
    });
    return tokens;
  }

  token({ field, form }: IndexTerm): Uint8Array {
    return createHmac('sha256', this.secret)
      .update(field === null ? `v\0${form}` : `f\0${field}\0${form}`)
      .digest()
      .subarray(0, INDEX_TOKEN_BYTES);
  }
}
