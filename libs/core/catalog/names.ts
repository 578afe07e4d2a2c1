import type { CatalogKind } from './catalog.events.js';

/** MCP 2025-11-25 server/tools recommends these, without slash and space, which are common in prompts. */
const PLAIN_NAME = /^[A-Za-z0-9_.\-/ ]+$/;
/** RFC 3986 and RFC 6570 need no others. */
const PLAIN_URI = /^[\x21-\x7e]+$/;

/** Whether each character of a name can be told from every other: letters of other scripts and invisible ones cannot. */
export const isPlainName = (kind: CatalogKind, name: string): boolean =>
  (kind === 'tools' || kind === 'prompts' ? PLAIN_NAME : PLAIN_URI).test(name) && name.trim() === name;

const INVISIBLE = /\p{Default_Ignorable_Code_Point}|\p{C}|\p{M}/gu;

/**
 * Names with the same skeleton look alike, or are the same to a client that ignores case, width or invisible
 * characters. For ASCII in the common typefaces; names beyond ASCII are held by `isPlainName` anyway.
 */
export const skeletonOf = (name: string): string =>
  name
    .normalize('NFKC')
    .replace(INVISIBLE, '')
    .toLowerCase()
    .replace(/ +/g, ' ')
    .trim()
    .replace(/[1i|]/g, 'l')
    .replaceAll('0', 'o')
    .replaceAll('rn', 'm')
    .replaceAll('vv', 'w');

/** Of these names, those that can be taken for another one among them. */
export const collidingNames = (names: Iterable<string>): ReadonlySet<string> => {
  const groups = Map.groupBy(new Set(names), skeletonOf);
  return new Set([...groups.values()].filter((group) => group.length > 1).flat());
};

const SEPARATOR = '__';

/** Name of an entry at the united endpoint. Server names hold no underscore, so no two entries can get the same one. */
export const unitedName = (server: string, name: string): string => server + SEPARATOR + name;

/** Reads a name of the united endpoint; whether there is such a server is not looked at. */
export const splitUnitedName = (united: string): { server: string; name: string } | undefined => {
  const at = united.indexOf(SEPARATOR);
  return at < 1 ? undefined : { server: united.slice(0, at), name: united.slice(at + SEPARATOR.length) };
};
