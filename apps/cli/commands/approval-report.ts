import type { DecisionsReport } from '#core/approval/reports/decisions-report.js';
import type { DutiesReport } from '#core/approval/reports/duties-report.js';
import type { PendingReport } from '#core/approval/reports/pending-report.js';
import { EXIT_FINE, type Invocation, textOption, UsageError } from '../command.js';
import { printJson, table } from '../print.js';
import { openApi, query } from '../server/api.js';

const REPORTS = ['pending', 'decisions', 'duties'] as const;
type Name = (typeof REPORTS)[number];
const isReport = (word: string | undefined): word is Name =>
  (REPORTS as readonly (string | undefined)[]).includes(word);

export const REPORT_OPTIONS = {
  csv: { type: 'boolean' },
  from: { type: 'string' },
  to: { type: 'string' },
} as const;

/** `countersign approvals report pending|decisions|duties` @throws UsageError, InputError */
export const approvalReport = async (invocation: Invocation, words: readonly string[]): Promise<number> => {
  const [name, ...others] = words;
  if (!isReport(name) || others.length > 0)
    throw new UsageError(`report: expected one of ${REPORTS.join(', ')}`);
  const { values } = invocation;
  if (values['csv'] === true && values['json'] === true) throw new UsageError('either --csv or --json');
  const [from, to, limit] = ['from', 'to', 'limit'].map((option) => textOption(invocation, option));
  const api = await openApi(invocation, 'auditor');
  const path = `/approvals/reports/${name}${query({ from, to, limit })}`;
  if (values['csv'] === true) process.stdout.write(await api.text(path, 'text/csv'));
  else if (values['json'] === true) printJson(await api.get(path));
  else console.log(await TEXT[name]((path) => api.get(path), path));
  return EXIT_FINE;
};

type Get = <Answer>(path: string) => Promise<Answer>;

const TEXT: { readonly [name in Name]: (get: Get, path: string) => Promise<string> } = {
  pending: async (get, path) => pendingText(await get<PendingReport>(path)),
  decisions: async (get, path) => decisionsText(await get<DecisionsReport>(path)),
  duties: async (get, path) => dutiesText(await get<DutiesReport>(path)),
};

const leftOut = (count: number): readonly string[] =>
  count === 0 ? [] : ['', `${count} more: --limit N shows them`];

const pendingText = ({ asOf, total, ages, items, left_out }: PendingReport): string => {
  const last = ages.at(-2)?.under_s ?? 0;
  const age = ({ under_s, count }: PendingReport['ages'][number]) =>
    `${under_s === null ? `${duration(last * 1_000)} or more` : `under ${duration(under_s * 1_000)}`}: ${count}`;
  const rows = items.map(({ age_s, id, requester, server, tool, votes, expiresAt }) => [
    ...[duration(age_s * 1_000), id, requester, `${server}/${tool}`],
    ...[String(votes), expiresAt],
  ]);
  const listed =
    rows.length === 0 ? [] : ['', table([['AGE', 'ID', 'WHO', 'WANTS', 'VOTES', 'EXPIRES'], ...rows])];
  return [`${total} pending at ${asOf}; ${ages.map(age).join(', ')}`, ...listed, ...leftOut(left_out)].join(
    '\n',
  );
};

const decisionsText = ({ tools, left_out }: DecisionsReport): string => {
  if (tools.length === 0) return 'no decisions';
  const rows = tools.map(({ server, tool, outcome, count, median_ms, p90_ms, p99_ms, max_ms, delegated }) => [
    ...[`${server}/${tool}`, outcome, String(count)],
    ...[median_ms, p90_ms, p99_ms, max_ms].map(duration),
    String(delegated),
  ]);
  return [
    table([['TOOL', 'OUTCOME', 'COUNT', 'MEDIAN', 'P90', 'P99', 'LONGEST', 'BY DELEGATES'], ...rows]),
    ...leftOut(left_out),
  ].join('\n');
};

const dutiesText = ({ pairs, left_out }: DutiesReport): string => {
  if (pairs.length === 0) return 'no votes';
  const rows = pairs.map(({ approver, onBehalfOf, requester, approved, denied, self, mutual }) => [
    ...[
      approver.principal,
      onBehalfOf?.principal ?? '',
      requester.principal,
      String(approved),
      String(denied),
    ],
    self ? 'SAME PERSON' : mutual ? 'mutual' : '',
  ]);
  return [
    table([['APPROVER', 'ON BEHALF OF', 'REQUESTER', 'APPROVED', 'DENIED', 'NOTE'], ...rows]),
    ...leftOut(left_out),
  ].join('\n');
};

const duration = (ms: number): string => {
  const s = ms / 1_000;
  if (s < 60) return `${Math.round(s * 10) / 10} s`;
  if (s < 3_600) return `${Math.round(s / 6) / 10} min`;
  return s < 86_400 ? `${Math.round(s / 360) / 10} h` : `${Math.round(s / 8_640) / 10} d`;
};
