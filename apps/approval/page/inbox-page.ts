import { type Html, html } from './html.js';
import { moment, remaining } from './moment.js';

export interface InboxItem {
  readonly id: string;
  readonly requester: string;
  readonly server: string;
  readonly tool: string;
  readonly requestedAt: string;
  readonly expiresAt: string;
  readonly votes: number;
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

/** What waits, the first to expire first. */
export const inboxPage = (items: readonly InboxItem[], { path, now, left_out, reviews }: Inbox): Html => {
  const entry = ({ id, requester, server, tool, requestedAt, expiresAt, votes, obstacle }: InboxItem) => html`
<li><a href="${path}/approvals/${encodeURIComponent(id)}/page">${requester} wants ${server}/${tool}</a>
<p class="small">expires in <strong>${remaining(expiresAt, now)}</strong> · asked ${moment(requestedAt)} ·
${votes === 1 ? '1 vote' : `${votes} votes`} so far</p>
${obstacle !== undefined && html`<p class="small">${obstacle}</p>`}</li>`;
  const review = ({ id, requester, server, tool, reviewDueAt = '' }: InboxItem) => html`
<li><a href="${path}/approvals/${encodeURIComponent(id)}/page">${requester} wanted ${server}/${tool}</a>
<p class="small">granted in an emergency · review due ${moment(reviewDueAt)}</p></li>`;
  return html`
<h1>Approvals that wait</h1>
<p class="lead">${items.length === 0 ? 'Nothing waits for you.' : 'The first to expire stands first.'}
<a href="${path}/approvals/page">Look again</a></p>
<ul class="list">${items.map(entry)}</ul>
${left_out > 0 && html`<p class="note">${left_out} more wait; decide on some of these first, or use the command line.</p>`}
${reviews.length > 0 && html`<h2>Reviews that wait for you</h2><ul class="list">${reviews.map(review)}</ul>`}`;
};
