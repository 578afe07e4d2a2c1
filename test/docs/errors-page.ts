import { ERRORS } from '#core/errors.js';
import { cell, GENERATED, table } from './markdown.js';

export const errorsPage = (): string =>
  [
    '# Errors',
    '',
    GENERATED,
    '',
    'The closed list of everything that can go wrong for someone outside. Codes are stable: they may be added, never changed',
    'or reused. REST answers `application/problem+json` with `code`; MCP answers a JSON-RPC error with `data.code`. Refusals of',
    'a tool call that the model should read are results with `isError: true` and the code in',
    '`_meta["countersign/refusal"]` (see [ADR 6](adr/0006-refusals-are-results.md)).',
    '',
    table(
      ['code', 'HTTP', 'JSON-RPC', 'says', 'next step'],
      Object.entries(ERRORS).map(([code, { http, rpc, says, next }]) => [
        `\`${code}\``,
        String(http),
        String(rpc),
        cell(says),
        cell(next),
      ]),
    ),
    '',
  ].join('\n');
