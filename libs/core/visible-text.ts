/** Control, format and private characters, those that are drawn as nothing, and blanks that only look like one. */
const UNSEEN = /\p{C}|\p{Default_Ignorable_Code_Point}|(?! )\p{Z}/gu;

const writtenOut = (character: string): string => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;

/**
 * Text as people see it: what is invisible, breaks a line or turns the direction of text could make one thing look like
 * another, or drive a terminal, and is written out instead.
 */
export const visibleText = (text: string): string => text.replace(UNSEEN, writtenOut);

/** As `visibleText`, for text whose line breaks and tabs are its own. */
export const visibleLines = (text: string): string =>
  text.replace(UNSEEN, (character) =>
    character === '\n' || character === '\t' ? character : writtenOut(character),
  );

/** A value with every string in it as people see it; for values that others have chosen and that stand within a text of ours. */
export const visibleStrings = <Value>(value: Value): Value => {
  if (typeof value === 'string') return visibleText(value) as Value;
  if (Array.isArray(value)) return value.map(visibleStrings) as Value;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, visibleStrings(each)]),
  ) as Value;
};

/** Text of JSON in which every unseen character outside of ASCII is an escape of JSON: the same value, and nothing is hidden. */
export const visibleJsonText = (json: string): string =>
  json.replace(UNSEEN, (character) =>
    character === '\n'
      ? character
      : character
          .split('')
          .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
          .join(''),
  );

/** What somebody says, without blanks around it; empty where nothing in it can be seen. */
export const saidText = (text = ''): string => (text.replace(UNSEEN, '').trim() === '' ? '' : text.trim());
