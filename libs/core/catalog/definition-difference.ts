import type { Json, JsonObject } from '../evidence/canonical-json.js';
import { isJsonObject } from '../evidence/json-object.js';
import { visibleText } from '../visible-text.js';

/** One place where two definitions differ. A side without the member has no value. */
export interface Difference {
  /** JSON pointer (RFC 6901). */
  readonly at: string;
  readonly pinned?: Json;
  readonly listed?: Json;
}

/** Where two definitions differ, in the order of their members; as deep as there are objects on both sides. */
export const differences = (
  pinned: Json | undefined,
  listed: Json | undefined,
  at = '',
): readonly Difference[] => {
  if (isJsonObject(pinned) && isJsonObject(listed)) {
    const members = [...new Set([...Object.keys(pinned), ...Object.keys(listed)])];
    return members.flatMap((member) =>
      differences(own(pinned, member), own(listed, member), `${at}/${escaped(member)}`),
    );
  }
  if (Array.isArray(pinned) && Array.isArray(listed) && pinned.length === listed.length)
    return pinned.flatMap((item, index) => differences(item, listed[index], `${at}/${index}`));
  if (isSame(pinned, listed)) return [];
  return [{ at, ...(pinned === undefined ? {} : { pinned }), ...(listed === undefined ? {} : { listed }) }];
};

const own = (object: JsonObject, member: string): Json | undefined =>
  Object.hasOwn(object, member) ? object[member] : undefined;

/** Both come from RFC 8785 text, so equal values have equal text. */
const isSame = (one: Json | undefined, other: Json | undefined): boolean =>
  JSON.stringify(one) === JSON.stringify(other);

const escaped = (member: string): string => member.replaceAll('~', '~0').replaceAll('/', '~1');

/** A value as one line of JSON in which nothing is invisible: control, format and look-alike spaces are escaped. */
export const visibleJson = (value: Json): string => visibleText(JSON.stringify(value));
