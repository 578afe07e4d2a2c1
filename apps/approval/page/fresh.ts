import { type Html, html } from './html.js';

/** So often a page is loaded again that has nothing typed to lose. */
export const FRESH_S = 30;

/** `on`: the browser came by itself; `off`: somebody wants the page to stay as it is. */
export const FRESH = ['on', 'off'] as const;
export type Fresh = (typeof FRESH)[number];

export interface Freshness {
  /** Who reads slowly, or with a screen reader, can stop it. */
  readonly note: Html;
  /** Where the browser goes by itself after `FRESH_S`. */
  readonly from?: string;
}

/** @param address of the page, without a query */
export const keptFresh = (address: string, asked: Fresh | undefined): Freshness =>
  asked === 'off'
    ? {
        note: html`<p class="fresh">This page stays as it is. <a href="${address}">Load it again by itself</a></p>`,
      }
    : {
        note: html`<p class="fresh">This page is loaded again every ${FRESH_S} seconds.
<a href="${address}?fresh=off">Stop that</a></p>`,
        from: `${address}?fresh=on`,
      };

/** A page that is loaded by itself signs nobody in: a session would never end in front of an empty chair. */
export const sessionOverPage = (address: string): Html =>
  html`<h1>Your session has ended</h1><p><a href="${address}">Sign in again</a></p>`;
