import type { JsonObject } from '#core/evidence/canonical-json.js';
import { visibleText } from '#core/visible-text.js';

/** Elements of Adaptive Cards 1.5 that the cards are made of. */
export type Element = JsonObject;

/**
 * Clients, upstream servers and policies choose these texts. Runs of text know no Markdown; what is left to take away are the
 * date functions of cards, and characters that are not seen or turn the order of others round: they are written out.
 */
export const shown = (text: string): string => visibleText(text).replace(/\{\{/g, '{ {');

/** Words of so many letters may be broken where a line ends: digests, and what somebody wrote without a blank. */
const LETTERS_MAX = 24;

/** As `shown`, with places to break long words; these are the only unseen characters in a card. */
const breakable = (text: string): string =>
  text.replace(new RegExp(`[^\\s\u00a0]{${LETTERS_MAX}}(?=[^\\s\u00a0])`, 'gu'), '$&\u200b');

export const clipped = (text: string, max: number): string =>
  text.length > max ? `${text.slice(0, max)}…` : text;

type Style = Readonly<Record<string, string | boolean>>;

const run = (text: string, style: Style): Element => ({ type: 'TextRun', text: breakable(text), ...style });

const TEXT_MAX = 200;
const REASON_MAX = 2_000;

/** One paragraph of text that others have chosen. */
export const line = (text: string, style: Style = {}, spacing = 'Small'): Element => ({
  type: 'RichTextBlock',
  spacing,
  inlines: [run(clipped(shown(text), TEXT_MAX), style)],
});

/** A paragraph of our own words. */
export const words = (text: string, style: Style = {}): Element => ({
  type: 'TextBlock',
  text,
  wrap: true,
  ...style,
});

export const heading = (text: string): Element =>
  words(text, { weight: 'Bolder', size: 'Medium', spacing: 'Medium', style: 'heading' });

/** A button; what is typed into the fields of the card comes with its data. */
export const execute = (title: string, verb: string, data: JsonObject, style?: string): Element => ({
  type: 'Action.Execute',
  title,
  verb,
  data,
  ...(style !== undefined && { style }),
});

/** A field for what a person writes. */
export const field = (id: string, label: string): Element => ({
  ...{ type: 'Input.Text', id, label, isMultiline: true, maxLength: REASON_MAX, spacing: 'Medium' },
});

export const moment = (instant: string): string => `${instant.slice(0, 10)} ${instant.slice(11, 19)} UTC`;

/** A name in our words and a value in others'. */
export const row = (name: string, value: string, style: Style = {}): Element => ({
  type: 'ColumnSet',
  spacing: 'Small',
  columns: [
    { type: 'Column', width: '80px', items: [words(name, { isSubtle: true })] },
    { type: 'Column', width: 'stretch', items: [line(value, style)] },
  ],
});

export interface Room {
  readonly lines_max: number;
  readonly characters_max: number;
}

/** Lines that must be read whole to decide; undefined when there is no room for them. */
export const wholeLines = (
  text: string,
  { lines_max, characters_max }: Room,
): readonly Element[] | undefined => {
  const lines = text.split('\n');
  if (lines.length > lines_max || breakable(shown(text)).length > characters_max) return undefined;
  return lines.map((each) => {
    const indent = each.length - each.trimStart().length;
    const inlines = [run('\u00a0'.repeat(indent) + shown(each.trimStart()), { fontType: 'Monospace' })];
    return { type: 'RichTextBlock', spacing: 'None', inlines };
  });
};
