import { MASK_KINDS, type MaskingProfile, type MaskKind } from '../policy/policy.types.js';
import type { Finding } from './finding.js';
import { type MaskingSurface, maskBody } from './mask-body.js';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export const profileOf = (
  kinds: readonly MaskKind[],
  unscannable: Partial<MaskingProfile['unscannable']> = {},
): MaskingProfile => ({
  name: 'test',
  rules: [{ kinds, do: 'redact' }],
  unscannable: { image: 'block', audio: 'block', binary: 'block', 'over-limit': 'block', ...unscannable },
});

export const EVERYTHING = profileOf(MASK_KINDS);

export const bytesOf = (value: unknown): Uint8Array =>
  encoder.encode(typeof value === 'string' ? value : JSON.stringify(value));
export const textOf = (bytes: Uint8Array): string => decoder.decode(bytes);

/** Masks a JSON text, or a value written as JSON; the masked JSON text. */
export const masked = (value: unknown, surface: MaskingSurface = 'result', profile = EVERYTHING): string =>
  textOf(maskBody(bytesOf(value), surface, profile).masked);

export const findingsOf = (value: unknown, surface: MaskingSurface = 'result'): readonly Finding[] =>
  maskBody(bytesOf(value), surface, EVERYTHING).findings;

/** A tool result with one text block. */
export const textResult = (text: string) => ({ content: [{ type: 'text', text }] });

/** What becomes of a text in a text block. */
export const maskedText = (text: string, profile = EVERYTHING): string =>
  (JSON.parse(masked(textResult(text), 'result', profile)) as ReturnType<typeof textResult>).content[0]
    ?.text ?? '';

/** What becomes of a JSON value in structuredContent. */
export const maskedData = (data: unknown): unknown =>
  (JSON.parse(masked({ structuredContent: data })) as { structuredContent: unknown }).structuredContent;

/** The same result after JSON.parse of the masked body. */
export const maskedResult = (value: unknown, profile = EVERYTHING): unknown =>
  JSON.parse(masked(value, 'result', profile));

/** A Luhn-valid number: `body` and its check digit (ISO/IEC 7812-1). */
export const withCheckDigit = (body: string): string => {
  let sum = 0;
  for (let i = 0; i < body.length; i++) {
    const digit = Number(body[body.length - 1 - i]);
    sum += i % 2 === 1 ? digit : digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
  }
  return body + ((10 - (sum % 10)) % 10);
};
