import { type Html, html } from './html.js';

/** `2026-11-28 14:05:10 UTC`, readable by machines too. */
export const moment = (instant: string): Html =>
  html`<time datetime="${instant}">${instant.slice(0, 10)} ${instant.slice(11, 19)} UTC</time>`;

/** By the clock when the page was made. */
export const remaining = (until: string, now: string): string =>
  span(Math.max(0, Math.floor((Date.parse(until) - Date.parse(now)) / 1_000)));

/** `1 h 5 min` */
export const span = (s: number): string => {
  if (s < 60) return `${s} s`;
  const [d, h, min] = [Math.floor(s / 86_400), Math.floor(s / 3_600) % 24, Math.floor(s / 60) % 60];
  if (d > 0) return `${d} d ${h} h`;
  return h > 0 ? `${h} h ${min} min` : `${min} min`;
};
