const SIMPLE: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/** Decodes escapes of JSON and of its relatives (`\'`, `\xHH`); an escape nobody knows stands for its character. */
const decodeLoose = (raw: string): string => {
  let text = '';
  let from = 0;
  for (let at = raw.indexOf('\\'); at >= 0; at = raw.indexOf('\\', from)) {
    const letter = raw[at + 1] ?? '';
    const hex = letter === 'u' ? raw.slice(at + 2, at + 6) : letter === 'x' ? raw.slice(at + 2, at + 4) : '';
    const isCode = /^(?:[0-9a-fA-F]{4}|[0-9a-fA-F]{2})$/.test(hex);
    text +=
      raw.slice(from, at) +
      (isCode ? String.fromCharCode(Number.parseInt(hex, 16)) : (SIMPLE[letter] ?? letter));
    from = at + 2 + (isCode ? hex.length : 0);
  }
  return text + raw.slice(from);
};

/** The value of the string whose content, without its quotes, is start..end of the text. */
export const decodeString = (text: string, start: number, end: number, strict: boolean): string =>
  strict ? (JSON.parse(text.slice(start - 1, end + 1)) as string) : decodeLoose(text.slice(start, end));

/** The content of a JSON string with this value, without quotes; single quotes escaped too when it may stand in them. */
export const encodeString = (value: string, strict: boolean): string => {
  const json = JSON.stringify(value).slice(1, -1);
  return strict ? json : json.replaceAll("'", "\\'");
};
