/**
 * Allows these tools, masked. Pictures and sounds pass, because the suite asks for them; of the kinds, those the suite
 * sends are masked as everywhere.
 */
export const allowAll = (tools: readonly string[]): string => `policy: 1
name: conformance
default: deny
roles:
  data-engineer: { groups: [BANK-DATA-ENG] }
  examiner: { groups: [BANK-EXAMINER] }
operations:
  everything: { kind: write, tools: [${tools.map((tool) => `everything/${tool}`).join(', ')}] }
rules:
  - { id: C-1, says: The suite may use the whole server., roles: [data-engineer], allow: [everything], mask: pii }
masking:
  pii:
    - { kinds: [US_SSN, PAN, BANK_ACCOUNT, EMAIL, PHONE, DOB, PERSON, ADDRESS], do: redact }
    - { unscannable: [image, audio, binary], do: keep }
tests:
  - { as: data-engineer, call: everything/${tools[0]}, args: {}, expect: allow C-1 masked }
`;
