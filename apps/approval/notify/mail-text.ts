import type { NoticeKind } from '#core/notice/notice.events.js';
import { escapeHtml } from '#http/escape-html.js';
import type { Notice } from './channel.js';

export interface MailText {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

const SUBJECTS: { readonly [Kind in NoticeKind]: string } = {
  requested: 'An approval waits for you',
  reminder: 'An approval still waits for you',
  voted: 'An approval has a new vote',
  escalated: 'An approval now waits for you as well',
  resolved: 'An approval is decided',
  review: 'A decision waits for your review',
};

const LINE_MAX = 200;
const RULES_MAX = 5;

/**
 * A link and, with `details`, who asks for what and why. Never arguments, never anything to click but the link: a mail is
 * forwarded and opened by programs. The subject says nothing about people or systems.
 */
export const mailText = ({ kind, item, url }: Notice, details: boolean): MailText => {
  const subject = SUBJECTS[kind];
  const rows = details ? detailsOf(item) : [];
  const advice = 'Mails can be forged: check the address of the page before you log in.';
  const text = [subject, '', ...rows.map(([name, value]) => `${name}: ${value}`), '', url, '', advice, ''];
  const table = rows.map(
    ([name, value]) => `<tr><th align="left">${name}</th><td>${escapeHtml(value)}</td></tr>`,
  );
  const html = [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    `<title>${subject}</title></head><body>`,
    `<p>${subject}.</p>`,
    table.length === 0 ? '' : `<table cellpadding="4">${table.join('')}</table>`,
    `<p><a href="${escapeHtml(url)}">${escapeHtml(url)}</a></p>`,
    `<p>${advice}</p>`,
    '</body></html>',
  ];
  return { subject, text: text.join('\r\n'), html: html.join('\r\n') };
};

const detailsOf = ({ requester, server, tool, reasons, status, expiresAt }: Notice['item']) =>
  [
    ['Who', requester.principal],
    // An agent gives itself any name, a host name as well; all others are given by somebody else.
    ['Agent', requester.agent.replace(/\.(?=\p{L})/gu, '[.]')],
    ['What', `${server} / ${tool}`],
    ...reasons.slice(0, RULES_MAX).map(({ says }) => ['Why', says]),
    ['State', status],
    ['Until', expiresAt],
  ].map(([name = '', value = '']) => [name, oneLine(unlinked(value))] as const);

/** Clients, upstream servers and policies choose these texts; none of them may add a line or hide what follows. */
const oneLine = (value: string): string => {
  const line = value.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ').trim();
  return line.length > LINE_MAX ? `${line.slice(0, LINE_MAX)}…` : line;
};

/** Programs that show mails make links of addresses in plain text; of these they do not. */
const unlinked = (value: string): string =>
  value.replace(/:(?=[/\\]{2})/g, '[:]').replace(/\bwww\./gi, 'www[.]');
