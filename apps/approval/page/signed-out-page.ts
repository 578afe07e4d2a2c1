import { type Html, html } from './html.js';

/** @param issuer where the browser goes on to, to sign out of the issuer, too */
export const signedOutPage = (path: string, issuer: string | undefined): Html => html`
<h1>You are signed out here</h1>
${
  issuer === undefined
    ? html`<p>You may still be signed in at your organisation.</p>`
    : html`<p>Your organisation asks next whether you sign out there, too. <a href="${issuer}">Go on</a></p>`
}
<p><a href="${path}/approvals/page">Sign in again</a></p>`;
