import { escapeHtml } from '#http/escape-html.js';

/** Text that is HTML already. Nothing else is put into a page without being escaped. */
export class Html {
  constructor(readonly text: string) {}
}

type Part = Html | string | number | undefined | false | readonly Part[];

/** What is invisible or turns the direction of text could make one thing look like another. */
const UNSEEN = /(?![\n\t])(?:\p{C}|\p{Default_Ignorable_Code_Point}|(?! )\p{Z})/gu;

/** Text as people see it: what cannot be seen is written out, and no character means anything to HTML. */
export const visible = (text: string): string =>
  escapeHtml(text.replace(UNSEEN, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`));

const written = (part: Part): string => {
  if (part === undefined || part === false) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'object') return part.map(written).join('');
  return visible(String(part));
};

/** ``html`<p>${text}</p>` ``: the values are escaped, also inside of quoted attributes. */
export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Html =>
  new Html(strings.map((text, at) => text + written(parts[at])).join(''));
