import type { ApprovalStatus } from '#core/approval/approval.events.js';
import { type Requirement, requirementText } from '#core/approval/requirement.js';
import { ERRORS, type ErrorCode } from '#core/errors.js';
import type { RestCaller } from '#http/rest-caller.js';
import type { ApprovalView } from '../approval-view.js';
import { emergencyCards } from './emergency-cards.js';
import { Html, html } from './html.js';
import { moment, remaining, span } from './moment.js';

export interface ApprovalPage {
  readonly item: ApprovalView;
  readonly path: string;
  readonly now: string;
  /** Why this person cannot vote now; undefined: the form is shown. */
  readonly obstacle: string | undefined;
  readonly formToken: string;
  readonly mayBreakGlass: boolean;
  readonly mayReview: boolean;
  /** Of a vote that was just refused. */
  readonly refusal?: { readonly code: ErrorCode; readonly detail?: string | undefined };
  /** What was typed with it. */
  readonly reason?: string | undefined;
  /** What was just counted. */
  readonly counted?: Act | undefined;
}

/** What the forms of the page can do. */
export const ACTS = ['approve', 'deny', 'break-glass', 'justified', 'not_justified'] as const;
export type Act = (typeof ACTS)[number];

const STATES: Readonly<Record<ApprovalStatus, string>> = {
  pending: 'waits for approval',
  granted: 'approved, not run yet',
  used: 'approved and run',
  denied: 'denied',
  expired: 'expired',
  withdrawn: 'withdrawn',
};

export const titleOf = ({ requester, server, tool }: ApprovalView): string =>
  `${requester.principal} wants ${server}/${tool}`;

/** Everything an approver must know to decide, and the form. It works without any script. */
export const approvalPage = (page: ApprovalPage): Html => {
  const { item, refusal, counted, now } = page;
  const { requester, server, tool, status, requestedAt, expiresAt } = item;
  const ends =
    status === 'pending' || status === 'granted'
      ? html` · expires in <strong>${remaining(expiresAt, now)}</strong>`
      : undefined;
  return html`
<p><a href="${page.path}/approvals/page">All that waits for you</a></p>
<h1>${requester.principal} wants <code>${server}/${tool}</code></h1>
<p class="lead"><span class="state ${status}">${STATES[status]}</span>${ends} · asked ${moment(requestedAt)}</p>
${counted !== undefined && countedNote(counted, item)}
${refusal !== undefined && refusalNote(refusal.code, refusal.detail)}
<section class="card" aria-labelledby="what"><h2 id="what">What will run</h2>
<dl><dt>Who</dt><dd>${requester.principal}</dd>
${requester.agent !== '' && html`<dt>Through agent</dt><dd>${requester.agent}</dd>`}
<dt>Client</dt><dd>${requester.client}</dd>
<dt>Server</dt><dd>${server}</dd><dt>Tool</dt><dd>${tool}</dd></dl>
<h3>Arguments, masked</h3>
<pre tabindex="0" role="region" aria-label="Arguments, masked">${JSON.stringify(item.arguments, null, 2) ?? 'none'}</pre></section>
<section class="card" aria-labelledby="why"><h2 id="why">Why it waits</h2>
<ul>${item.reasons.map(({ id, says }) => html`<li><strong>${id}</strong>: ${says}</li>`)}</ul></section>
${item.grant !== undefined && grantCard(item.grant)}
${whoCard(item)}
${voteCard(page)}
${emergencyCards(page)}
<section class="card" aria-labelledby="bound"><h2 id="bound">What is bound</h2>
<dl><dt>Digest</dt><dd><code>${item.digest}</code></dd>
<dt>Expires</dt><dd>${moment(expiresAt)}</dd>
<dt>Call</dt><dd><code>${item.callId}</code></dd></dl></section>`;
};

/** An approval that covers more than one call must not look like one that does not. */
export const grantCard = ({
  uses,
  for_s,
  same,
  limits,
  used,
  until,
  revoked,
}: NonNullable<ApprovalView['grant']>): Html => html`
<section class="card" aria-labelledby="grant"><h2 id="grant">It covers more than this call</h2>
<p>Up to <strong>${uses} calls</strong> of this tool by the same person and agent, this one included, within
<strong>${span(for_s)}</strong> of the approval, without asking again:</p>
<ul>${same.map((path) => html`<li>with the same <code>${path}</code> as here</li>`)}
${limits.map((limit) => html`<li>with <code>${limit}</code></li>`)}
${same.length + limits.length === 0 && html`<li>with <strong>any arguments</strong></li>`}</ul>
${until !== undefined && html`<p>${used} of ${uses} used; ends ${moment(until)}.</p>`}
${revoked !== undefined && html`<p>Revoked by ${revoked.by}: “${revoked.reason}”</p>`}</section>`;

const whoCard = ({ quorum, distinct, votes, reason, status }: ApprovalView): Html => html`
<section class="card" aria-labelledby="who"><h2 id="who">Who must approve</h2>
<ul>${quorum.map((requirement: Requirement) => html`<li>${requirementText(requirement)}</li>`)}</ul>
${distinct && quorum.length > 1 && html`<p class="small">Each person counts for one of these only.</p>`}
<h3>Votes so far</h3>
${
  votes.length === 0
    ? html`<p class="small">None.</p>`
    : html`<ul>${votes.map(
        ({ approver, vote, reason: why }) =>
          html`<li>${approver}: <strong>${vote === 'approve' ? 'approved' : 'denied'}</strong>${why !== '' && html`, “${why}”`}</li>`,
      )}</ul>`
}
${reason !== undefined && html`<p>It is ${STATES[status]}: “${reason}”</p>`}</section>`;

const voteCard = ({ item, path, formToken, obstacle, reason }: ApprovalPage): Html => {
  if (obstacle !== undefined) return html`<p class="note" role="status">${obstacle}</p>`;
  return html`
<section class="card" aria-labelledby="decide"><h2 id="decide">Your decision</h2>
<form method="post" action="${path}/approvals/${encodeURIComponent(item.id)}/page">
<input type="hidden" name="form" value="${formToken}">
<input type="hidden" name="digest" value="${item.digest}">
<label for="reason">Reason</label>
<textarea id="reason" name="reason" rows="3" maxlength="2000" aria-describedby="reason-hint">${new Html(textareaText(reason))}</textarea>
<p class="hint" id="reason-hint">Needed to deny. The requester reads it, and it is kept as written: no data of customers.</p>
<div class="acts"><button class="yes" name="vote" value="approve">Approve</button>
<button class="no" name="vote" value="deny">Deny</button></div>
</form></section>`;
};

/** A line break first in a textarea is dropped by HTML, so one more is written. */
const textareaText = (text = ''): string => html`\n${text}`.text;

const countedNote = (act: Act, { status }: ApprovalView): Html =>
  html`<p class="done" role="status">${COUNTED[act](status)}</p>`;

const mayRun = (status: ApprovalStatus): boolean => status === 'granted' || status === 'used';

const COUNTED: Readonly<Record<Act, (status: ApprovalStatus) => string>> = {
  approve: (status) => {
    if (status === 'pending') return 'Your approval counts. More people must approve.';
    return mayRun(status) ? 'Your approval counts. With it the call may run.' : 'Your approval is on record.';
  },
  deny: () => 'You have denied it. The requester reads your reason.',
  'break-glass': (status) =>
    mayRun(status)
      ? 'The glass is broken: the call may run, an alarm is raised, and somebody will review it.'
      : 'You have asked to break the glass. One of the other role must do so, too.',
  justified: () => 'Your review is on record.',
  not_justified: () => 'Your review is on record.',
};

/** Next steps that are others here than over HTTP. */
const NEXT: Readonly<Partial<Record<ErrorCode, string>>> = {
  reason_missing: 'Write why into the field “Reason”; the requester reads it.',
  digest_mismatch: 'It is not what you were shown. Read it again, and decide then.',
  approval_closed: 'Nothing is left to decide; the page shows what became of it.',
  approval_expired: 'Nothing is left to decide. The requester may ask anew.',
  approval_unknown: 'Look at what waits for you.',
};

export const refusalNote = (code: ErrorCode, detail: string | undefined): Html => {
  const { says, next } = ERRORS[code];
  return html`<div class="alert" role="alert"><p><strong>${says}</strong>${detail !== undefined && html` (${detail})`}</p>
<p>${NEXT[code] ?? next}</p><p class="small">Code: <code>${code}</code></p></div>`;
};

/** Who is signed in, and the way out. */
export const signedInBar = ({ principal, roles }: RestCaller, path: string, formToken: string): Html => html`
<form class="who" method="post" action="${path}/approvals/logout"><span>Signed in as <strong>${principal}</strong>${
  roles.length > 0 && html` (${roles.join(', ')})`
}</span><input type="hidden" name="form" value="${formToken}"><button class="plain">Sign out</button></form>`;
