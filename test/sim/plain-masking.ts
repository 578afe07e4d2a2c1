import { Answers } from '#bus/answers.js';
import { maskingMask, maskingOpen } from '#contracts/masking.js';

const SHOWN = Buffer.from('{"arguments":{}}');

/** Nothing here needs masking; what is sealed stays sealed. */
export class PlainMasking {
  @Answers(maskingMask)
  mask({ body }: { body: Uint8Array }) {
    return { masked: body, findings: [], blocked: false, engine: 'plain' };
  }

  @Answers(maskingOpen)
  open() {
    return { bytes: SHOWN };
  }
}
