import { escapeHtml } from '#http/escape-html.js';

/** Markup that is safe to put into a page; everything else is escaped when it is put in. */
export class Html {
  constructor(readonly text: string) {}
}

type Value = Html | string | number | readonly Html[];

const write = (value: Value): string => {
  if (value instanceof Html) return value.text;
  if (typeof value === 'object') return value.map(({ text }) => text).join('');
  return escapeHtml(visible(String(value)));
};

/** Names come from agents: what would hide or turn text around is shown as its code point. */
const visible = (text: string): string =>
  text.replaceAll(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (char) => `\u{fffd}[U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`,
  );

/** A template whose values are escaped: html`<b>${name}</b>`. */
export const html = (strings: TemplateStringsArray, ...values: readonly Value[]): Html =>
  new Html(strings.reduce((text, part, at) => text + write(values[at - 1] ?? '') + part));
