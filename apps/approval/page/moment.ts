import { type Html, html } from './html.js';

/** `2026-11-28 14:05:10 UTC`, readable by machines too. */
export const moment = (instant: string): Html =>
  html`<time datetime="${instant}">${instant.slice(0, 10)} ${instant.slice(11, 19)} UTC</time>`;

/** By the clock when the page was made. */
export const remaining = (until: string, now: string): string =>
  span(Math.max(0, Math.floor((Date.parse(until) - Date.parse(now)) / 1_000)));

/** `1 h 5 min`, `2 d`, `30 s` */
export const span = (s: number): string => {
  if (s < 60) return `${s} s`;
  const parts = [
    [Math.floor(s / 86_400), 'd'],
    [Math.floor(s / 3_600) % 24, 'h'],
    [Math.floor(s / 60) % 60, 'min'],
  ] as const;
  const said = parts.filter(([count]) => count > 0).map(([count, unit]) => `${count} ${unit}`);
  return said.slice(0, 2).join(' ');
};
