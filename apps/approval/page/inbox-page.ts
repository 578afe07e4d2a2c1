import { type Html, html } from './html.js';
import { moment, remaining } from './moment.js';

export interface InboxItem {
  readonly id: string;
  readonly requester: string;
  /** '' when it does not say. */
  readonly agent: string;
  readonly server: string;
  readonly tool: string;
  readonly requestedAt: string;
  readonly expiresAt: string;
  readonly votes: number;
  readonly digest: string;
  /** Why this person cannot vote on it. */
  readonly obstacle: string | undefined;
  /** Only of those that were granted in an emergency. */
  readonly reviewDueAt?: string;
}

interface Inbox {
  readonly path: string;
  readonly now: string;
  readonly left_out: number;
  /** What this person may review. */
  readonly reviews: readonly InboxItem[];
}

/** As many characters tell two calls of the same tool apart, here and in what people were sent. */
const DIGEST_CHARS = 'sha256:'.length + 12;

/** What this person can vote on, the first to expire first, then what they can only look at. */
export const inboxPage = (items: readonly InboxItem[], { path, now, left_out, reviews }: Inbox): Html => {
  const [open, others] = [
    items.filter(({ obstacle }) => obstacle === undefined),
    items.filter(({ obstacle }) => obstacle !== undefined),
  ];
  const entry = ({ obstacle, ...item }: InboxItem) => html`
<li><a href="${path}/approvals/${encodeURIComponent(item.id)}/page">${item.requester} wants ${item.server}/${item.tool}</a>
<p class="small">expires in <strong>${remaining(item.expiresAt, now)}</strong> · asked ${moment(item.requestedAt)} ·
${item.votes === 1 ? '1 vote' : `${item.votes} votes`} so far</p>
<p class="small">${item.agent !== '' && html`through ${item.agent} · `}<code>${item.digest.slice(0, DIGEST_CHARS)}…</code></p>
${obstacle !== undefined && html`<p class="small">${obstacle}</p>`}</li>`;
  const review = ({ id, requester, server, tool, reviewDueAt = '' }: InboxItem) => html`
<li><a href="${path}/approvals/${encodeURIComponent(id)}/page">${requester} wanted ${server}/${tool}</a>
<p class="small">granted in an emergency · review due ${moment(reviewDueAt)}</p></li>`;
  return html`
<h1>Approvals that wait</h1>
<p class="lead">${open.length === 0 ? 'Nothing waits for you.' : 'The first to expire stands first.'}
<a href="${path}/approvals/page">Look again</a></p>
${open.length > 0 && html`<ul class="list">${open.map(entry)}</ul>`}
${others.length > 0 && html`<h2>What you may look at</h2><ul class="list">${others.map(entry)}</ul>`}
${left_out > 0 && html`<p class="note">${left_out} more wait; decide on some of these first, or use the command line.</p>`}
${reviews.length > 0 && html`<h2>Reviews that wait for you</h2><ul class="list">${reviews.map(review)}</ul>`}`;
};
