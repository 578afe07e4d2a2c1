import { type Unscannable } from '../policy/policy.types.js';
import { ARRAY, endOf, isString, NODE_INTS, nextOf, OBJECT, startOf, typeOf } from './json-tape.js';
import { blockedMark, type Document, type MaskingRun } from './masking-run.js';
import { type Member, readMembers } from './members.js';
import { noteFinding } from './note-finding.js';
import { below } from './place.js';
import { classifyMedia, maskBase64 } from './unscannable.js';
import { walkData, walkMember, walkPlain } from './walk-data.js';
import { stringAt } from './walk-leaf.js';

/** Members of a result whose content is made of names of the protocol and of tools. */
const PLAIN_MEMBERS: ReadonlySet<string> = new Set([
  'tools',
  'resources',
  'resourceTemplates',
  'prompts',
  'serverInfo',
  'capabilities',
  'instructions',
  'description',
  'nextCursor',
  'resultType',
  'protocolVersion',
  'requestState',
]);
/** Members of a content block that hold data; all others are free text or names. */
const DATA_MEMBERS: ReadonlySet<string> = new Set(['annotations', '_meta', 'input', 'structuredContent']);
/** Chosen from lists that the protocol defines; rewriting one would break the shape. */
const ENUM_VALUES: ReadonlySet<string> = new Set([
  'text',
  'image',
  'audio',
  'resource',
  'resource_link',
  'tool_use',
  'tool_result',
  'user',
  'assistant',
  'complete',
]);

const member = (members: readonly Member[], key: string): Member | undefined =>
  members.find(({ info }) => info.key === key);

const stringOf = (
  run: MaskingRun,
  document: Document,
  members: readonly Member[],
  key: string,
): string | undefined => {
  const found = member(members, key);
  return found && isString(run.tape, found.value) ? stringAt(run, document, found.value) : undefined;
};

/** Replaces a whole content block by a text block, so that the result stays valid MCP. */
const blockBlock = (run: MaskingRun, document: Document, node: number, what: Unscannable): void => {
  document.edits.push({
    start: startOf(run.tape, node),
    end: endOf(run.tape, node),
    text: `{"type":"text","text":"${blockedMark(what)}"}`,
  });
  noteFinding(run, run.place, 'UNSCANNABLE', 'structure', 1);
};

/** Runs `visit` one step further down. */
const at = <T>(run: MaskingRun, step: string | number, visit: () => T): T => {
  const { place } = run;
  run.place = below(place, step);
  const result = visit();
  run.place = place;
  return result;
};

const each = (run: MaskingRun, node: number, visit: (child: number) => void): void => {
  let index = 0;
  for (let child = node + NODE_INTS; child < nextOf(run.tape, node); child = nextOf(run.tape, child)) {
    at(run, index++, () => visit(child));
  }
};

/** Why a resource cannot be scanned, or undefined; a readable blob is masked on the way. */
const maskBlob = (
  run: MaskingRun,
  document: Document,
  members: readonly Member[],
): Unscannable | undefined => {
  const blob = member(members, 'blob');
  if (!blob || !isString(run.tape, blob.value)) return undefined;
  const mediaType = stringOf(run, document, members, 'mimeType') ?? '';
  const what = at(run, blob.name, () => maskBase64(run, document, blob.value, mediaType));
  return what !== undefined && run.profile.unscannable[what] === 'block' ? what : undefined;
};

const replaceString = (run: MaskingRun, document: Document, node: number, text: string): void => {
  document.edits.push({ start: startOf(run.tape, node), end: endOf(run.tape, node), text });
};

/** Turns blob contents into text contents: `{"uri":...,"mimeType":"text/plain","text":"[BLOCKED: binary]"}`. */
const blockContents = (
  run: MaskingRun,
  document: Document,
  members: readonly Member[],
  what: Unscannable,
): void => {
  const blob = member(members, 'blob') as Member;
  const mimeType = member(members, 'mimeType');
  replaceString(run, document, blob.key, 'text');
  replaceString(run, document, blob.value, blockedMark(what));
  if (mimeType && isString(run.tape, mimeType.value))
    replaceString(run, document, mimeType.value, 'text/plain');
  noteFinding(run, below(run.place, 'text'), 'UNSCANNABLE', 'structure', 1);
};

const walkBlockMember = (run: MaskingRun, document: Document, found: Member): void => {
  const { info, value, name } = found;
  if (DATA_MEMBERS.has(info.key)) walkMember(run, document, found, undefined);
  else if (info.key === 'content' || info.key === 'resource')
    at(run, name, () => walkContent(run, document, value));
  else if (!isString(run.tape, value) || !ENUM_VALUES.has(stringAt(run, document, value))) {
    at(run, name, () => walkPlain(run, document, value));
  }
};

/** The contents of a resource, from resources/read or embedded in a block. @returns what makes the block unscannable. */
const walkContents = (
  run: MaskingRun,
  document: Document,
  node: number,
  inBlock: boolean,
): Unscannable | undefined => {
  if (typeOf(run.tape, node) !== OBJECT) {
    walkData(run, document, node, undefined);
    return undefined;
  }
  const members = readMembers(run, document, node).list;
  const what = maskBlob(run, document, members);
  if (what !== undefined && inBlock) return what;
  if (what !== undefined) blockContents(run, document, members, what);
  for (const found of members) {
    if (found.info.key === 'blob' || (what !== undefined && found.info.key === 'mimeType')) continue;
    walkBlockMember(run, document, found);
  }
  return undefined;
};

const mediaOfBlock = (
  run: MaskingRun,
  document: Document,
  members: readonly Member[],
): Unscannable | undefined => {
  const type = stringOf(run, document, members, 'type');
  if (type === 'image' || type === 'audio') return type;
  if (
    stringOf(run, document, members, 'data') === undefined &&
    stringOf(run, document, members, 'blob') === undefined
  )
    return undefined;
  const media = classifyMedia(stringOf(run, document, members, 'mimeType') ?? '');
  return media === 'text' ? 'binary' : media;
};

/** A content block of any type, also of one that this version does not know. */
const walkBlock = (run: MaskingRun, document: Document, node: number): void => {
  const members = readMembers(run, document, node).list;
  const media = mediaOfBlock(run, document, members);
  if (media !== undefined && run.profile.unscannable[media] === 'block') {
    blockBlock(run, document, node, media);
    return;
  }
  const resource = member(members, 'resource');
  if (resource) {
    const what = at(run, resource.name, () => walkContents(run, document, resource.value, true));
    if (what !== undefined) {
      blockBlock(run, document, node, what);
      return;
    }
  }
  for (const found of members) {
    const isBytes = media !== undefined && (found.info.key === 'data' || found.info.key === 'blob');
    if (found !== resource && !isBytes) walkBlockMember(run, document, found);
  }
};

/** One block or an array of them; anything else is data. */
const walkContent = (run: MaskingRun, document: Document, node: number): void => {
  if (typeOf(run.tape, node) === ARRAY) each(run, node, (child) => walkContent(run, document, child));
  else if (typeOf(run.tape, node) === OBJECT) walkBlock(run, document, node);
  else walkPlain(run, document, node);
};

const walkResultMember = (run: MaskingRun, document: Document, found: Member): void => {
  const { info, value, name } = found;
  const { key } = info;
  if (key === 'content' || key === 'messages') at(run, name, () => walkContent(run, document, value));
  else if (key === 'contents') at(run, name, () => walkContentsList(run, document, value));
  else if (PLAIN_MEMBERS.has(key)) at(run, name, () => walkPlain(run, document, value));
  else walkMember(run, document, found, info.rule);
};

/** Masks an MCP result: tools/call, resources/read, prompts/get, list results, task results. `node` is an object. */
export const walkResult = (run: MaskingRun, document: Document, node: number): void => {
  for (const found of readMembers(run, document, node).list) walkResultMember(run, document, found);
};

const walkContentsList = (run: MaskingRun, document: Document, node: number): void => {
  if (typeOf(run.tape, node) !== ARRAY) walkData(run, document, node, undefined);
  else each(run, node, (child) => walkContents(run, document, child, false));
};

/** Masks a JSON-RPC error object: `message` is text, `data` any JSON value. */
export const walkError = (run: MaskingRun, document: Document, node: number): void => {
  for (const found of readMembers(run, document, node).list) {
    walkMember(run, document, found, found.info.key === 'message' ? undefined : found.info.rule);
  }
};
