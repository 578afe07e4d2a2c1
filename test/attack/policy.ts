const SERVERS = ['old', 'new'] as const;
const each = (names: readonly string[]): string =>
  JSON.stringify(SERVERS.flatMap((server) => names.map((name) => `${server}/${name}`)));

const USED = JSON.stringify([
  ...SERVERS.flatMap((server) => ['read', 'mirrored', 'a__b', 'pay'].map((name) => `${server}/${name}`)),
  'tight/read',
  'shifty/read',
  'shifty/extra',
  'inward/read',
  'onward/read',
]);

/** Methods that engineers may send. What servers ask is allowed to nobody: the default. */
const METHODS = ['logging/setLevel', 'tasks/get', 'tasks/cancel', 'tasks/result', 'tasks/update'];

/**
 * Engineers read; transfers need a manager; `forbidden`, `hidden` and bank://secret/ are in no rule; analysts may do
 * nothing at all.
 */
export const POLICY = `policy: 1
name: attack
default: deny
roles:
  engineer: { groups: [BANK-DATA-ENG] }
  trainee: { groups: [BANK-TRAINEE] }
  analyst: { groups: [BANK-RISK-ANALYST] }
  manager: { groups: [BANK-DATA-MGR] }
  examiner: { groups: [BANK-EXAMINER] }
  operator: { groups: [BANK-OPERATIONS] }
operations:
  use:
    kind: read
    tools: ${USED}
    prompts: ${each(['summary'])}
    resources: ${each(['bank://public/*'])}
    methods: ${each(METHODS)}
  names:
    kind: read
    tools: ${each(['PAY'])}
  nobody:
    kind: read
    tools: ${each(['forbidden'])}
    prompts: ${each(['hidden'])}
    resources: ${each(['bank://secret/*'])}
  guarded:
    kind: read
    tools: ${each(['guarded'])}
  listed:
    kind: read
    tools: ${each(['listed'])}
  transfer:
    kind: write
    tools: ${each(['transfer'])}
rules:
  - { id: A-1, says: Engineers read., roles: [engineer], allow: [use, names], mask: pii }
  - id: A-2
    says: Transfers need a manager.
    roles: [engineer, manager]
    allow: [transfer]
    approval: { by: [manager], count: 1, expires: 10m }
    mask: pii
  - { id: A-4, says: Engineers may within limits., roles: [engineer], allow: [guarded], mask: pii }
  - { id: A-5, says: No more than 100., roles: any, deny: [guarded], when: { args.amount: { gt: 100 } } }
  - { id: A-6, says: In these regions., roles: [engineer], allow: [listed], when: { args.region: { in: [EU, CH] } }, mask: pii }
  - { id: A-3, says: Nobody may., roles: any, deny: [nobody] }
masking:
  pii:
    - { kinds: [US_SSN, PAN, BANK_ACCOUNT, EMAIL, PHONE, DOB, PERSON, ADDRESS], do: redact }
    - { unscannable: [image, audio, binary, over-limit], do: block }
tests:
  - { as: engineer, call: old/read, args: {}, expect: allow A-1 masked }
  - { as: engineer, call: old/forbidden, args: {}, expect: deny A-3 }
  - { as: analyst, call: old/read, args: {}, expect: deny }
`;
