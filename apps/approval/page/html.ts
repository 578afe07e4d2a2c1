import { visibleLines } from '#core/visible-text.js';
import { escapeHtml } from '#http/escape-html.js';

/** Text that is HTML already. Nothing else is put into a page without being escaped. */
export class Html {
  constructor(readonly text: string) {}
}

type Part = Html | string | number | undefined | false | readonly Part[];

/** Text as people see it: what cannot be seen is written out, and no character means anything to HTML. */
export const visible = (text: string): string => escapeHtml(visibleLines(text));

const written = (part: Part): string => {
  if (part === undefined || part === false) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'object') return part.map(written).join('');
  return visible(String(part));
};

/** ``html`<p>${text}</p>` ``: the values are escaped, also inside of quoted attributes. */
export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Html =>
  new Html(strings.map((text, at) => text + written(parts[at])).join(''));
