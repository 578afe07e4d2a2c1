import type { EvidenceQuery } from '#core/evidence/evidence-query.js';
import type { PolicyBundle } from '#core/policy/policy.types.js';
import type { Checkpoint } from '#tlog/checkpoint.js';
import { formatVerifierKey, type NoteVerifier } from '#tlog/note-key.js';
import type { ApprovalStory, CallStory, StoryDecision } from './call-story.js';
import type { Collected } from './collect.js';
import { Html, html } from './html.js';
import type { PackFacts } from './pack-sources.js';
import { CONTROLS } from './report-controls.js';

export interface ReportInput {
  readonly query: EvidenceQuery;
  readonly head: Checkpoint;
  readonly collected: Collected;
  readonly facts: PackFacts;
  readonly key: NoteVerifier;
}

/** The pack for people: one page without scripts and without anything from elsewhere. */
export const reportHtml = (input: ReportInput): string =>
  html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>Evidence report</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<main>
<h1>Evidence report</h1>
${about(input)}
${asked(input)}
${overview(input.collected)}
${proof(input)}
<h2>Each call</h2>
${input.collected.stories.map((story) => callSection(story, input.collected))}
${howToVerify(input)}
${controls()}
</main>
</body>
</html>
`.text;

const about = ({ facts, collected }: ReportInput): Html => html`
<p>AI agents of the bank reach its systems only through a gateway, Countersign. The gateway checks who asks, decides by the
bank's policy, asks people where the policy says so, masks personal data in answers, and writes down each of these steps
before it has any effect. This pack holds what was written down about ${count(collected.completeness.calls.length, 'call')},
and the means to check, without the gateway and without its makers, that nothing was changed, added or left out.</p>
<p class="quiet">Exported ${facts.exported_at} by Countersign ${facts.product}. All times are UTC.</p>`;

const asked = ({ query, collected }: ReportInput): Html => {
  const names = Object.entries(query).map(
    ([name, value]) => html`<tr><th>${FIELDS[name] ?? name}</th><td>${value}</td></tr>`,
  );
  const { range } = collected.completeness;
  const complete =
    range === null
      ? 'This pack is about one call. It holds every entry of that call from the first on. It does not show whether other calls were made.'
      : `These are all calls that match: the pack holds every entry of the log from number ${range.from} up to ${range.to}, ` +
        'whatever it is about, and anybody can run the query over them again.';
  return html`
<h2>What was asked</h2>
<table>${names.length === 0 ? html`<tr><td>All calls on record</td></tr>` : names}</table>
<p>${complete}</p>`;
};

const FIELDS: { readonly [name: string]: string } = {
  call: 'Call',
  principal: 'Person',
  agent: 'Agent',
  method: 'Kind of request',
  server: 'System',
  tool: 'Tool',
  decision: 'First decision',
  rule: 'Rule',
  from: 'From (inclusive)',
  to: 'To (exclusive)',
};

const overview = ({ stories, completeness }: Collected): Html => html`
<h2>Who, what, when</h2>
<table>
<thead><tr><th>Time</th><th>Person</th><th>Agent</th><th>System</th><th>Tool</th><th>Decision</th><th>Outcome</th></tr></thead>
<tbody>
${stories.map(
  (
    story,
  ) => html`<tr><td><a href="#${story.id}">${story.time}</a></td><td>${story.principal}</td><td>${story.agent}</td>
<td>${story.server}</td><td>${story.tool}</td><td>${effect(story.decisions.at(0))}</td><td>${story.outcome}</td></tr>
`,
)}
</tbody>
</table>
${more(completeness.calls.length - stories.length)}`;

const more = (calls: number): Html | string =>
  calls === 0
    ? ''
    : html`<p>${count(calls, 'more call is', 'more calls are')} listed in <code>completeness.json</code>.</p>`;

const proof = ({ head, collected, key }: ReportInput): Html => {
  const { range, calls } = collected.completeness;
  const open = calls.filter(({ closed }) => !closed).length;
  return html`
<h2>Proof, as checked when the pack was made</h2>
<ul>
<li>Log <code>${head.origin}</code>, ${count(head.size, 'entry', 'entries')}, root
<code>${Buffer.from(head.root).toString('base64')}</code>, signed by key <code>${formatVerifierKey(key)}</code>.</li>
${range === null ? '' : recomputed(range.to - range.from)}
<li>${count(collected.singles.size, 'entry has', 'entries have')} a proof of inclusion of their own.</li>
<li>${open === 0 ? 'Every call listed has ended: its record is whole from request to outcome.' : notEnded(open)}</li>
<li>What witnesses and time stamps add is told by the verifiers below, with keys you got from elsewhere.</li>
</ul>`;
};

const recomputed = (entries: number): Html => html`<li>The root was computed again from
${count(entries, 'entry', 'entries')} of this pack and is the signed one.</li>`;

const notEnded = (open: number): string =>
  `${open} of the calls listed had not ended when the checkpoint was signed.`;

const callSection = (story: CallStory, { approvals, policies }: Collected): Html => {
  const says = (id: string): string => {
    for (const { bundle } of policies.values()) {
      const rule = ruleOf(bundle, id);
      if (rule !== undefined) return rule;
    }
    return 'text not in the pack';
  };
  const held = story.approvals.flatMap((id) => approvals.get(id) ?? []);
  return html`
<section id="${story.id}">
<h3>${story.time}: ${story.tool} on ${story.server}</h3>
<p><b>${story.principal}</b> asked through the agent <b>${story.agent}</b> (client <code>${story.client}</code>,
<code>${story.method}</code>).</p>
<ol>
${story.decisions.slice(0, 1).map((decision) => decisionItem(decision, says))}
${held.map(approvalItem)}
${story.decisions.slice(1).map((decision) => decisionItem(decision, says))}
${story.questions === 0 ? '' : html`<li>The system asked back ${count(story.questions, 'time')}; each question was decided by policy.</li>`}
${maskedItem(story)}
<li>Outcome: <b>${story.outcome}</b>.</li>
</ol>
<p class="quiet">Call ${story.id}, ${count(story.entries, 'entry', 'entries')}, numbers ${story.first} to ${story.last} of the log.</p>
</section>`;
};

const ruleOf = (bundle: PolicyBundle, id: string): string | undefined =>
  bundle.rules.find((rule) => rule.id === id)?.says;

const effect = (decision: StoryDecision | undefined): string =>
  decision === undefined ? 'none' : (EFFECTS[decision.effect] ?? decision.effect);

const EFFECTS: { readonly [effect: string]: string } = {
  allow: 'allowed',
  deny: 'denied',
  approval: 'people must approve',
};

const decisionItem = (decision: StoryDecision, says: (id: string) => string): Html => {
  const rules = decision.rules.map((id) => html`<br>Rule <code>${id}</code>: ${says(id)}`);
  return html`<li>${decision.time}, policy: <b>${effect(decision)}</b>${rules.length === 0 ? html`<br>No rule allows it.` : rules}</li>
`;
};

const approvalItem = ({
  id,
  status,
  reasons,
  votes,
}: ApprovalStory): Html => html`<li>Approval <code>${id}</code>: <b>${status}</b>
${reasons.map((reason) => html`<br>Needed because: ${reason}`)}
${votes.map(
  ({ time, vote, by, roles, reason }) =>
    html`<br>${time}: ${by} (${roles.join(', ')}) voted <b>${vote}</b>${reason === '' ? '' : html`: “${reason}”`}`,
)}</li>
`;

const maskedItem = ({ masked, blocked }: CallStory): Html | string => {
  if (masked === null) return '';
  const kinds = Object.entries(masked).sort(([one], [other]) => (one < other ? -1 : 1));
  const text =
    kinds.length === 0
      ? 'nothing had to be masked'
      : kinds.map(([kind, number]) => `${number} × ${kind}`).join(', ');
  return html`<li>Personal data masked before the agent saw the answer: ${text}${blocked ? WITHHELD : ''}.</li>`;
};

const WITHHELD = '; parts that could not be read were withheld';

const howToVerify = ({ key }: ReportInput): Html => html`
<h2>How to check this pack</h2>
<p>Get the log's key <code>${formatVerifierKey(key)}</code> by another way than this pack, such as from the bank's
compliance office, and compare. Then any of three ways, each with its steps in <code>verify/README.md</code>:</p>
<ol>
<li><code>node verify.mjs pack.zip --key VKEY</code>: checks everything. One file, needs only Node.</li>
<li><code>go run verify.go pack.zip VKEY</code>: checks files, signatures and every entry with the Go team's own library.</li>
<li><code>openssl</code> and <code>sha256sum</code>: signature of the checkpoint and of the manifest, each file by its hash,
time stamps.</li>
</ol>
<p>To be safe from a forged verifier, take it from a release of Countersign; it is the same for every pack of that version.</p>`;

const controls = (): Html => html`
<h2>Which requirement this speaks to</h2>
<table>
<thead><tr><th>Requirement</th><th>It asks for</th><th>What the pack shows</th><th>Where</th></tr></thead>
<tbody>
${CONTROLS.map(
  ({ rule, asks, shown, files }) => html`<tr><td>${rule}</td><td>${asks}</td><td>${shown}</td>
<td>${files.map((file) => html`<code>${file}</code><br>`)}</td></tr>
`,
)}
</tbody>
</table>
<p class="quiet">A help for finding the way, not legal advice.</p>`;

const count = (number: number, one: string, many = `${one}s`): string =>
  `${number} ${number === 1 ? one : many}`;

const STYLE = `
body { font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; margin: 0; }
main { max-width: 62rem; margin: 0 auto; padding: 1.5rem; }
h1, h2, h3 { line-height: 1.2; }
h2 { margin-top: 2.5rem; border-bottom: 2px solid #1d4f7c; padding-bottom: .25rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { border: 1px solid #c8c8c8; padding: .4rem .5rem; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
thead th { background: #eef3f8; overflow-wrap: normal; }
code { font-size: .85em; overflow-wrap: anywhere; }
section { border-left: 4px solid #1d4f7c; padding-left: 1rem; margin: 1.5rem 0; }
.quiet { color: #595959; font-size: .85rem; }
@media print { section { break-inside: avoid; } }
`;
