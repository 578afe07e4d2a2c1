import type { Unscannable } from '../policy/policy.types.js';
import { decodeBase64, encodeBase64 } from './base64.js';
import { endOf, isString, startOf } from './json-tape.js';
import { ROLE_BYTES, ROLE_MEDIA } from './key-words.js';
import type { Document, MaskingRun } from './masking-run.js';
import type { Member, Members } from './members.js';
import { below } from './place.js';
import { blockString, maskDecoded, stringAt } from './walk-leaf.js';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** What a media type says about its content: text that can be scanned, or which kind of unscannable it is. */
export const classifyMedia = (mediaType: string): 'text' | Exclude<Unscannable, 'over-limit'> => {
  const [type = '', ...parameters] = mediaType
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  if (type.startsWith('image/')) return 'image';
  if (type.startsWith('audio/')) return 'audio';
  const charset =
    parameters
      .find((parameter) => parameter.startsWith('charset='))
      ?.slice(8)
      .replaceAll('"', '') ?? 'utf-8';
  const readable = charset === 'utf-8' || charset === 'utf8' || charset === 'us-ascii';
  const isText =
    type.startsWith('text/') ||
    /^application\/(?:[\w.-]+\+)?(?:json|xml|yaml)$/.test(type) ||
    /^application\/(?:x-)?(?:ndjson|jsonl|yaml|json-seq|toml)$/.test(type);
  return isText && readable ? 'text' : 'binary';
};

/**
 * Masks a base64 string: textual content is decoded, masked and encoded again, anything else blocked.
 * @returns what could not be scanned and is to be blocked, or undefined.
 */
export const maskBase64 = (
  run: MaskingRun,
  document: Document,
  node: number,
  mediaType: string,
): Unscannable | undefined => {
  const media = classifyMedia(mediaType);
  if (media !== 'text') return media;
  if (endOf(run.tape, node) - startOf(run.tape, node) > run.limits.leaf_chars_max) return 'over-limit';
  const bytes = decodeBase64(stringAt(run, document, node));
  if (bytes === undefined) return 'binary';
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return 'binary';
  }
  const masked = maskDecoded(run, text);
  if (masked !== text) {
    document.edits.push({
      start: startOf(run.tape, node),
      end: endOf(run.tape, node),
      text: encodeBase64(encoder.encode(masked)),
    });
  }
  return undefined;
};

const stringWith = (run: MaskingRun, members: Members, role: number): Member | undefined =>
  members.list.find(({ info, value }) => (info.roles & role) !== 0 && isString(run.tape, value));

const typeMember = (run: MaskingRun, document: Document, members: Members): string => {
  const type = members.list.find(({ info, value }) => info.key === 'type' && isString(run.tape, value));
  return type ? `${stringAt(run, document, type.value)}/*` : '';
};

/**
 * Bytes in the middle of data: `blob` or `data` beside a media type, as MCP content looks inside other JSON. Here the
 * string alone is replaced, since nobody knows the shape that the reader expects.
 * @returns the member that is dealt with.
 */
export const maskBytes = (run: MaskingRun, document: Document, members: Members): Member | undefined => {
  if ((members.roles & ROLE_BYTES) === 0) return undefined;
  const bytes = stringWith(run, members, ROLE_BYTES);
  if (!bytes) return undefined;
  const media = stringWith(run, members, ROLE_MEDIA);
  const declared = media ? stringAt(run, document, media.value) : typeMember(run, document, members);
  const isBytes = media !== undefined || declared === 'image/*' || declared === 'audio/*';
  if (!isBytes || (bytes.info.key === 'data' && classifyMedia(declared) === 'text')) return undefined;
  const { place } = run;
  run.place = below(place, bytes.name);
  const what = maskBase64(run, document, bytes.value, declared);
  if (what !== undefined) blockString(run, document, bytes.value, what);
  run.place = place;
  return bytes;
};
