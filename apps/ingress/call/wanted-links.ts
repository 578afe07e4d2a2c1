import type { JsonObject } from '#core/evidence/canonical-json.js';
import { isJsonObject } from '#core/evidence/json-object.js';
import type { InputQuestion } from './input-required.js';

const URL_ELICITATION_REQUIRED = -32042;

/**
 * Links that an error wants the person to open (MCP 2025-11-25 client/elicitation, URLElicitationRequiredError). They are
 * questions in another wrapping: policy decides on them, or any server could send people where it likes.
 */
export const wantedLinks = (errorBytes: Uint8Array): readonly InputQuestion[] => {
  const { code, data } = JSON.parse(Buffer.from(errorBytes).toString('utf8')) as JsonObject;
  if (code !== URL_ELICITATION_REQUIRED) return [];
  const { elicitations } = isJsonObject(data) ? data : {};
  const links = Array.isArray(elicitations) ? elicitations : [elicitations ?? data ?? null];
  return links.map((link, index) => ({
    key: String(index),
    method: 'elicitation/create',
    params: { ...(isJsonObject(link) ? link : {}), mode: 'url' },
  }));
};
