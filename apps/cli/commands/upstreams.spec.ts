import { expect, it } from 'vitest';
import { upstreamsText } from './upstreams.js';

it('the list of upstream servers says what is wrong with each', () => {
  const rows = upstreamsText([
    {
      name: 'crm',
      auth: 'authorization_code',
      state: 'needs_consent',
      because: 'revoked',
      problem: 'upstream_consent_needed',
    },
    { name: 'core', auth: 'client_credentials', state: 'no_consent_needed', problem: null },
  ])
    .split('\n')
    .map((row) => row.split(/ {2,}/));
  expect(rows).toEqual([
    ['NAME', 'AUTH', 'STATE', 'CONSENTED BY', 'EXPIRES', 'PROBLEM'],
    ['crm', 'authorization_code', 'needs_consent (revoked)', 'upstream_consent_needed'],
    ['core', 'client_credentials', 'no_consent_needed'],
  ]);
});
