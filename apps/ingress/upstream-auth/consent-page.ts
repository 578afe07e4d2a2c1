import type { FastifyReply } from 'fastify';
import { ERRORS, type ErrorCode } from '#core/errors.js';
import { escapeHtml } from '#http/escape-html.js';

/** One cookie for all consents of a browser; the prefix binds it to this origin and to TLS (RFC 6265bis). */
const COOKIE = '__Host-countersign-consent';
const COOKIE_S = 15 * 60;

export const consentCookie = (header: string | undefined): string | undefined => {
  const pairs = (header ?? '').split(';').map((pair) => pair.trim());
  const values = pairs
    .filter((pair) => pair.startsWith(`${COOKIE}=`))
    .map((pair) => pair.slice(COOKIE.length + 1));
  // Two of the same name mean that somebody else set one.
  return values.length === 1 ? values[0] : undefined;
};

export const setConsentCookie = (reply: FastifyReply, value: string): void => {
  const attributes = `Path=/; Max-Age=${COOKIE_S}; Secure; HttpOnly; SameSite=Lax`;
  void reply.header('set-cookie', `${COOKIE}=${value}; ${attributes}`);
};

export interface Page {
  readonly status: number;
  readonly title: string;
  /** Plain text; escaped here. */
  readonly paragraphs: readonly string[];
  /** Same-origin address of the one thing to do next. */
  readonly next?: { readonly href: string; readonly text: string };
}

/** No script, no style, nothing from elsewhere, not in a frame, not kept, and the address with its secrets not told on. */
export const sendPage = (reply: FastifyReply, { status, title, paragraphs, next }: Page): FastifyReply =>
  secureHeaders(reply)
    .status(status)
    .header('content-type', 'text/html; charset=utf-8')
    .send(
      [
        '<!doctype html>',
        `<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title></head><body>`,
        `<h1>${escapeHtml(title)}</h1>`,
        ...paragraphs.map((text) => `<p>${escapeHtml(text)}</p>`),
        ...(next ? [`<p><a href="${escapeHtml(next.href)}">${escapeHtml(next.text)}</a></p>`] : []),
        '</body></html>\n',
      ].join('\n'),
    );

export const sendToAuthorizationServer = (reply: FastifyReply, url: URL): FastifyReply =>
  secureHeaders(reply).status(302).header('location', url.href).send();

export const sendRefusal = (reply: FastifyReply, code: ErrorCode): FastifyReply => {
  const { http, says, next } = ERRORS[code];
  return sendPage(reply, {
    status: http < 400 ? 502 : http,
    title: 'No consent was given',
    paragraphs: [says, next],
  });
};

const secureHeaders = (reply: FastifyReply): FastifyReply =>
  reply.headers({
    'content-security-policy':
      "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  });
