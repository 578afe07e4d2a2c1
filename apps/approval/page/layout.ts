import { createHash } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { FRESH_S, type Freshness } from './fresh.js';
import { Html, html } from './html.js';
import { STYLE } from './style.js';

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

export interface Page {
  readonly status: number;
  readonly title: string;
  readonly body: Html;
  /** Who is signed in, with the form that signs out. */
  readonly header?: Html;
  /** The browser goes there at once, from this site, so that Strict cookies go along. */
  readonly onward?: string | undefined;
  readonly freshness?: Freshness | undefined;
}

const refresh = (to: string | undefined, after_s: number): Html | undefined =>
  to === undefined ? undefined : html`<meta http-equiv="refresh" content="${after_s}; url=${to}">`;

/** No script, no style but ours, nothing from elsewhere, not in a frame, not kept. */
export const sendPage = (
  reply: FastifyReply,
  { status, title, body, header, onward, freshness }: Page,
): FastifyReply =>
  reply
    .status(status)
    .headers({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': [
        `default-src 'none'`,
        `style-src 'sha256-${STYLE_HASH}'`,
        `form-action 'self'`,
        `base-uri 'none'`,
        `frame-ancestors 'none'`,
      ].join('; '),
      'cache-control': 'no-store',
      // Without any referrer browsers would send `Origin: null` with our own forms. An address with a code tells nothing on.
      'referrer-policy': onward === undefined ? 'same-origin' : 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=()',
    })
    .send(
      html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">${refresh(onward, 0)}${refresh(freshness?.from, FRESH_S)}
<title>${title} · Countersign</title><style>${new Html(STYLE)}</style></head>
<body><header class="bar"><span class="brand">Countersign</span>${header}</header>
<main>${body}${freshness?.note}</main></body></html>
`.text,
    );

/** Another site gets an address and no content; it may show our page in no frame either. */
export const sendTo = (reply: FastifyReply, status: 302 | 303, address: string): FastifyReply =>
  reply
    .status(status)
    .headers({ location: address, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' })
    .send();
