/** The policy of the documentation; a test loads it. */
export const RETAIL_BANK = `policy: 1                         # semantics version; its evaluator is kept forever, for replay
name: retail-bank
default: deny
roles:                            # OIDC group -> role
  risk-analyst:  { groups: [BANK-RISK-ANALYST] }
  data-engineer: { groups: [BANK-DATA-ENG] }
  manager:       { groups: [BANK-DATA-MGR] }
operations:                       # names for sets of tools; a tool belongs to one operation
  customer.read:  { kind: read,  tools: [crm/customer_query, crm/customer_get] }
  customer.write: { kind: write, tools: [crm/customer_update] }
rules:
  - id: RA-1
    says: Risk analysts may query customer data; they see it masked.
    roles: [risk-analyst]
    allow: [customer.read]
    when: { args.limit: { lte: 200 }, token.acr: { in: [mfa] } }
    mask: pii-standard
  - id: RA-2
    says: Risk analysts may never change customer data.
    roles: [risk-analyst]
    deny: [customer.write]
  - id: DE-1
    says: Data engineers may read and write customer data after a manager approves.
    roles: [data-engineer]
    allow: [customer.read, customer.write]
    approval: { by: [manager], count: 1, expires: 30m }   # never the requester; bound to the exact request
    mask: pii-standard
  - id: HR-1
    says: Any change above 10,000 USD needs two managers.
    roles: any
    on: [customer.write]
    when: { args.amount: { gt: 10000 } }
    approval: { by: [manager], count: 2, expires: 15m }
masking:
  pii-standard:
    - { kinds: [US_SSN, PAN, BANK_ACCOUNT, PERSON, DOB, ADDRESS, EMAIL, PHONE], do: redact }
    - { unscannable: [image, audio, binary, over-limit], do: block }
tests:                            # run at load: a policy whose tests fail cannot be activated
  - { as: risk-analyst,  call: crm/customer_query,  args: { limit: 10 },     token: { acr: mfa }, expect: allow RA-1 masked }
  - { as: risk-analyst,  call: crm/customer_update, args: { amount: 1 },     expect: deny RA-2 }
  - { as: data-engineer, call: crm/customer_update, args: { amount: 5 },     expect: approval 1 DE-1 masked }
  - { as: data-engineer, call: crm/customer_update, args: { amount: 50000 }, expect: approval 2 DE-1 HR-1 masked }
`;
