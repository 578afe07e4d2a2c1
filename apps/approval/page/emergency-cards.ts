import type { ApprovalView } from '../approval-view.js';
import { type Html, html } from './html.js';
import { moment, span } from './moment.js';

export interface EmergencyForms {
  readonly item: ApprovalView;
  readonly path: string;
  readonly formToken: string;
  readonly mayBreakGlass: boolean;
  readonly mayReview: boolean;
}

/** What policy allows in an emergency, what came of it, and the forms of those who may act. */
export const emergencyCards = (forms: EmergencyForms): Html => {
  const { breakGlass, how, review } = forms.item;
  if (breakGlass === undefined) return html``;
  const { roles, review: reviewers, within_s, invoked } = breakGlass;
  // What nobody did and nobody can do any more is of no use to a reader.
  if (forms.item.status !== 'pending' && invoked.length === 0) return html``;
  return html`
${how === 'break-glass' && html`<p class="alert">It was granted in an emergency, past the people who approve it.</p>`}
<section class="card" aria-labelledby="emergency"><h2 id="emergency">In an emergency</h2>
<p>Two different people, ${roles.map((role) => `one of ${role}`).join(' and ')}, can grant it together. It raises an alarm, and one of
${reviewers.join(', ')} must review it within ${span(within_s)}.</p>
${invoked.length > 0 && html`<ul>${invoked.map(({ by, reason }) => html`<li>${by}: “${reason}”</li>`)}</ul>`}
${review !== undefined && reviewLine(review)}
${forms.mayBreakGlass && breakGlassForm(forms)}
${forms.mayReview && reviewForm(forms)}</section>`;
};

type Review = NonNullable<ApprovalView['review']>;
const VERDICTS: Readonly<Record<string, string>> = {
  due: 'Nobody has reviewed it yet.',
  overdue: 'Nobody has reviewed it in time.',
  justified: 'It was reviewed and found justified',
  not_justified: 'It was reviewed and found not justified',
};

const reviewLine = (review: Review): Html =>
  'reviewer' in review
    ? html`<p>${VERDICTS[review.status]} by ${review.reviewer}: “${review.reason}”</p>`
    : html`<p>${VERDICTS[review.status]} It is due ${moment(review.dueAt)}.</p>`;

const formOf = ({ item, path, formToken }: EmergencyForms, fields: Html): Html => html`
<form method="post" action="${path}/approvals/${encodeURIComponent(item.id)}/page">
<input type="hidden" name="form" value="${formToken}"><input type="hidden" name="digest" value="${item.digest}">
${fields}</form>`;

/** Folded in, so that nobody presses it by mistake. */
const breakGlassForm = (forms: EmergencyForms): Html => html`
<details><summary>Break the glass</summary>${formOf(
  forms,
  html`<label for="emergency-reason">What is the emergency?</label>
<textarea id="emergency-reason" name="reason" rows="2" maxlength="2000" required></textarea>
<p class="hint">Needed, and kept as written: no data of customers.</p>
<div class="acts"><button class="no" name="vote" value="break-glass">Break the glass</button></div>`,
)}</details>`;

const reviewForm = (forms: EmergencyForms): Html =>
  formOf(
    forms,
    html`<label for="review-reason">What did you find?</label>
<textarea id="review-reason" name="reason" rows="3" maxlength="2000" required></textarea>
<p class="hint">Needed, and kept as written: no data of customers.</p>
<div class="acts"><button class="yes" name="vote" value="justified">It was justified</button>
<button class="no" name="vote" value="not_justified">It was not justified</button></div>`,
  );
