import type { DecisionsReport } from '#core/approval/reports/decisions-report.js';
import type { DutiesReport } from '#core/approval/reports/duties-report.js';
import type { PendingReport } from '#core/approval/reports/pending-report.js';
import { csvRecord } from '#http/csv.js';

type Rows = readonly (readonly (string | number)[])[];

/** The last record says how many rows there are and how many were left out: without it the file was cut. */
const csvOf = (columns: readonly string[], rows: Rows, left_out: number): string =>
  [csvRecord(columns), ...rows.map(csvRecord), csvRecord(['#end', rows.length, left_out])].join('');

export const pendingCsv = ({ items, left_out }: PendingReport): string =>
  csvOf(
    ['id', 'requester', 'server', 'tool', 'requestedAt', 'expiresAt', 'age_s', 'votes'],
    items.map(({ id, requester, server, tool, requestedAt, expiresAt, age_s, votes }) => [
      ...[id, requester, server, tool, requestedAt, expiresAt],
      ...[age_s, votes],
    ]),
    left_out,
  );

export const decisionsCsv = ({ tools, left_out }: DecisionsReport): string =>
  csvOf(
    ['server', 'tool', 'outcome', 'count', 'median_ms', 'p90_ms', 'p99_ms', 'max_ms', 'delegated'],
    tools.map(({ server, tool, outcome, count, median_ms, p90_ms, p99_ms, max_ms, delegated }) => [
      ...[server, tool, outcome],
      ...[count, median_ms, p90_ms, p99_ms, max_ms, delegated],
    ]),
    left_out,
  );

export const dutiesCsv = ({ pairs, left_out }: DutiesReport): string =>
  csvOf(
    [
      ...['approver', 'approverIssuer', 'approverSubject'],
      ...['onBehalfOf', 'onBehalfOfIssuer', 'onBehalfOfSubject'],
      ...['requester', 'requesterIssuer', 'requesterSubject'],
      ...['approved', 'denied', 'self', 'mutual'],
    ],
    pairs.map(({ approver, onBehalfOf, requester, approved, denied, self, mutual }) => [
      ...[approver.principal, approver.issuer, approver.subject],
      ...[onBehalfOf?.principal ?? '', onBehalfOf?.issuer ?? '', onBehalfOf?.subject ?? ''],
      ...[requester.principal, requester.issuer, requester.subject],
      ...[approved, denied, String(self), String(mutual)],
    ]),
    left_out,
  );
