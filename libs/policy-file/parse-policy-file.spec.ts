import { describe, expect, it } from 'vitest';
import type { Json } from '#core/evidence/canonical-json.js';
import { canonicalJson } from '#core/evidence/canonical-json.js';
import { decidePolicy } from '#core/policy/decide-policy.js';
import { indexPolicy } from '#core/policy/index-policy.js';
import type { PolicyBundle } from '#core/policy/policy.types.js';
import { runPolicyTests } from '#core/policy/run-policy-tests.js';
import { RETAIL_BANK } from './examples/retail-bank.fixture.js';
import { PolicyFileError, parsePolicyFile } from './parse-policy-file.js';
import { digestOf } from './policy-digest.js';
import { profileDigest } from './profile-digest.js';

const parse = (text: string) => parsePolicyFile(text, 'policy.yaml');
const replaced = (from: string, to: string): string => {
  if (!RETAIL_BANK.includes(from)) throw new Error(`not in the example: ${from}`);
  return RETAIL_BANK.replace(from, to);
};

describe('the policy of the documentation', () => {
  it('loads without a warning, and its four tests hold', () => {
    const { bundle, warnings } = parse(RETAIL_BANK);
    expect(warnings).toEqual([]);
    expect(bundle.tests).toHaveLength(4);
    expect(runPolicyTests(indexPolicy(bundle))).toEqual([]);
  });

  it('compiles to the canonical form', () => {
    const { bundle } = parse(RETAIL_BANK);
    expect(bundle.rules[0]).toEqual({
      id: 'RA-1',
      says: 'Risk analysts may query customer data; they see it masked.',
      roles: ['risk-analyst'],
      effect: 'allow',
      operations: ['customer.read'],
      when: [
        { path: 'args.limit', checks: [{ op: 'lte', value: '200' }] },
        { path: 'token.acr', checks: [{ op: 'in', values: ['mfa'] }] },
      ],
      approval: null,
      mask: 'pii-standard',
    });
    const approval = { by: ['manager'], count: 2, expires_s: 900 };
    expect(bundle.rules[3]).toMatchObject({ roles: 'any', effect: 'oblige', approval, mask: null });
    expect(bundle.masking['pii-standard']).toEqual({
      name: 'pii-standard',
      rules: [
        {
          kinds: ['ADDRESS', 'BANK_ACCOUNT', 'DOB', 'EMAIL', 'PAN', 'PERSON', 'PHONE', 'US_SSN'],
          do: 'redact',
        },
      ],
      unscannable: { image: 'block', audio: 'block', binary: 'block', 'over-limit': 'block' },
    });
  });

  it('asks two managers for a change above 10,000 USD, written as a number or as decimal text', () => {
    const policy = indexPolicy(parse(RETAIL_BANK).bundle);
    const approvals = (amount: Json) => {
      const call = {
        server: 'crm',
        tool: 'customer_update',
        args: { amount },
        token: {},
        now: '2026-11-02T12:00:00Z',
      };
      return decidePolicy(policy, { groups: ['BANK-DATA-ENG'], ...call }).approval;
    };
    const two = { requirements: [{ by: ['manager'], count: 2 }], expires_s: 900 };
    const one = { requirements: [{ by: ['manager'], count: 1 }], expires_s: 1800 };
    expect([10000, '10000.00', -1].map(approvals)).toEqual([one, one, one]);
    expect([10000.01, '10000.01', '10,000', null].map(approvals)).toEqual([two, two, two, two]);
  });
});

describe('digests', () => {
  it('stay for ever: a change here would break the replay of every recorded decision', () => {
    const { bundle, digest } = parse(RETAIL_BANK);
    const profile = bundle.masking['pii-standard'];
    expect(digest).toBe('sha256:b043169021484cad5b11241df8ff13605c2428e65c2d861145ae6ee63bb11e74');
    expect(profile && profileDigest(profile)).toBe(
      'sha256:a8bd25cb23672642248e987170f3753b7f51b3b51dc8e5fce5931b499ad97cf1',
    );
  });

  it('are the same for the bundle read back from its own canonical JSON', () => {
    const { bundle, digest } = parse(RETAIL_BANK);
    const back = JSON.parse(canonicalJson(bundle as unknown as Json)) as PolicyBundle;
    expect(digestOf(back)).toBe(digest);
    expect(runPolicyTests(indexPolicy(back))).toEqual([]);
  });

  it.each([
    ['tools: [crm/customer_query, crm/customer_get]', 'tools: [crm/customer_get, "crm/customer_query"]'],
    [
      'args.limit: { lte: 200 }, token.acr: { in: [mfa] }',
      'token.acr: { in: [mfa] }, args.limit: { lte: 200.00 }',
    ],
    ['gt: 10000', 'gt: "10000.0"'],
    ['count: 1, expires: 30m', 'expires: 1800s'],
    ['    - { unscannable: [image, audio, binary, over-limit], do: block }\n', ''],
    ['# OIDC group -> role', '# other words'],
    ['\n', '\r\n'],
  ])('do not change with the way it is written: %s as %s', (from, to) => {
    const text = from === '\n' ? RETAIL_BANK.replaceAll(from, to) : replaced(from, to);
    expect(parse(text).digest).toBe(parse(RETAIL_BANK).digest);
  });

  it('change with every change of meaning', () => {
    const texts = [
      RETAIL_BANK,
      replaced('lte: 200', 'lte: 201'),
      replaced(
        'mask: pii-standard\n  - id: RA-2',
        'mask: pii-standard\n    approval: { by: [manager] }\n  - id: RA-2',
      ).replace('expect: allow', 'expect: approval 1'),
      replaced('unscannable: [image, ', 'unscannable: ['),
      replaced('over-limit], do: block', 'over-limit], do: keep'),
      replaced('expires: 15m', 'expires: 16m'),
      replaced('name: retail-bank', 'name: other-bank'),
    ];
    // The fourth says what is the default anyway.
    expect(new Set(texts.map((text) => parse(text).digest)).size).toBe(texts.length - 1);
  });
});

describe('a file with problems', () => {
  it('shows all of them at once, in file order, each with its place and the next step', () => {
    const text = replaced('lte: 200', 'lte: many')
      .replace('deny: [customer.write]', 'deny: [customer.wirte]')
      .replace('expires: 15m', 'expires: 15 min');
    expect(() => parse(text)).toThrow(
      [
        'policy.yaml:16:32 rules[0].when.args.limit.lte: Expected a number in plain decimal digits, ' +
          'found the text "many". Next: write it like 10000 or 10000.50: no exponent, no leading zero, no separators.',
        'policy.yaml:21:12 rules[1].deny[0]: Unknown operation "customer.wirte". Next: did you mean "customer.write"?',
        'policy.yaml:33:51 rules[3].approval.expires: "15 min" is not a duration. Next: write 45s, 30m or 2h; at most 24h.',
      ].join('\n'),
    );
  });

  it('is a PolicyFileError with the file and the places as data', () => {
    try {
      parse(replaced('default: deny', 'default: allow'));
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(PolicyFileError);
      expect(error).toMatchObject({
        file: 'policy.yaml',
        problems: [{ line: 3, column: 10, path: 'default' }],
      });
    }
  });
});

describe('warnings', () => {
  /** Line and reason of each. */
  const warningsOf = (text: string) =>
    parse(text).warnings.map((line) =>
      line.replace(/^(policy\.yaml:\d+):\d+ (?:[^ ]+: )?(.*) Next: .*$/, '$1 $2'),
    );

  it.each([
    [
      'a role without a rule',
      'operations:',
      '  examiner: { groups: [EXAM] }\noperations:',
      'policy.yaml:8 No rule names the role "examiner"; it may call nothing.',
    ],
    [
      'an operation without a rule',
      'rules:\n',
      '  ledger.read: { kind: read, tools: [ledger/get] }\nrules:\n',
      'policy.yaml:11 No rule names the operation "ledger.read"; all of it is denied.',
    ],
    [
      'an approval that only the own role gives',
      'by: [manager], count: 1',
      'by: [data-engineer], count: 1',
      'policy.yaml:22 Only roles of the requesters can approve; never the requester in person.',
    ],
    [
      'an obligation that no allow rule meets',
      'roles: any\n',
      'roles: [manager]\n',
      'policy.yaml:28 No allow rule covers what this rule is on.',
    ],
  ])('name %s', (_, from, to, warning) => {
    const text = replaced(from, to).replace(
      /tests:.*/s,
      'tests:\n  - { as: manager, call: crm/customer_get, expect: deny }\n',
    );
    expect(warningsOf(text)).toContain(warning);
  });

  it('name a policy without tests', () => {
    expect(warningsOf(RETAIL_BANK.replace(/tests:.*/s, ''))).toEqual([
      'policy.yaml:1 The policy has no tests.',
    ]);
  });
});

describe('every operator', () => {
  const LINE = 'when: { args.limit: { lte: 200 }, token.acr: { in: [mfa] } }';
  it.each([
    ['args.x: { eq: abc }', 'x: abc', 'x: abd'],
    ['args.x: { eq: true }', 'x: true', 'x: false'],
    ['args.x: { eq: 10.50 }', 'x: "10.5"', 'x: 10.51'],
    ['args.x: { in: [1, 2] }', 'x: 2', 'x: 3'],
    ['args.a.b: { gte: -1, lt: 5 }', 'a: { b: -1 }', 'a: { b: 5 }'],
    ['args.x: { size: { min: 1, max: 3 } }', 'x: [1, 2, 3]', 'x: ""'],
    ['args.x: { startsWith: "SELECT " }', 'x: SELECT 1', 'x: DELETE'],
    ['args.x: { glob: "reports/*.csv" }', 'x: reports/a.csv', 'x: reports/b/a.csv'],
    ['args.x: { within: /srv/exports }', 'x: /srv/exports/a', 'x: /srv/exports/../a'],
    ['args.x: { cidr: [10.0.0.0/8] }', 'x: 10.1.1.1', 'x: 11.1.1.1'],
  ])('can be written and tested: %s', (condition, holds, fails) => {
    const text = replaced(LINE, `when: { ${condition} }`).replace(
      /tests:.*/s,
      `tests:
  - { as: [risk-analyst], call: crm/customer_get, args: { ${holds} }, expect: allow }
  - { as: risk-analyst, call: crm/customer_get, args: { ${fails} }, expect: deny }
  - { as: risk-analyst, call: crm/customer_get, expect: deny }
`.replace('expect: allow', 'expect: allow masked'),
    );
    expect(parse(text).bundle.tests).toHaveLength(3);
  });

  it('changeWindow looks at the time of the test; without one the time is unknown', () => {
    const window = 'now: { changeWindow: { days: [sat, fri], from: "22:00", to: "04:00", timeZone: UTC } }';
    const text = replaced(LINE, `when: { ${window} }`).replace(
      /tests:.*/s,
      `tests:
  - { as: risk-analyst, call: crm/customer_get, now: 2026-11-07T03:59:00Z, expect: allow RA-1 masked }
  - { as: risk-analyst, call: crm/customer_get, now: 2026-11-06T03:59:00Z, expect: deny }
  - { as: risk-analyst, call: crm/customer_get, expect: deny }
`,
    );
    expect(parse(text).bundle.rules[0]?.when[0]?.checks).toEqual([
      { op: 'changeWindow', days: ['fri', 'sat'], from: '22:00', to: '04:00', timeZone: 'UTC' },
    ]);
  });
});
