import { NAMED_METHODS } from '#core/call/target.js';

/** What the suite uses of a server, by its own names; resources as patterns. */
export interface Surface {
  readonly tools: readonly string[];
  readonly prompts: readonly string[];
  readonly resources: readonly string[];
}

/**
 * A policy that allows all of it, masked, and that lets the server ask its callers. Pictures, sounds and bytes pass,
 * because the suite asks for them; personal data is masked as everywhere.
 */
export const allowAll = (server: string, { tools, prompts, resources }: Surface): string => {
  const list = (names: readonly string[]): string => JSON.stringify(names.map((name) => `${server}/${name}`));
  return `policy: 1
name: conformance
default: deny
roles:
  data-engineer: { groups: [BANK-DATA-ENG] }
  examiner: { groups: [BANK-EXAMINER] }
  operator: { groups: [BANK-OPERATIONS] }
operations:
  everything:
    kind: write
    tools: ${list(tools)}
    prompts: ${list(prompts)}
    resources: ${list(resources)}
    methods: ${list(NAMED_METHODS)}
rules:
  - { id: C-1, says: The suite may use the whole server., roles: [data-engineer], allow: [everything], mask: pii }
masking:
  pii:
    - { kinds: [US_SSN, PAN, BANK_ACCOUNT, EMAIL, PHONE, DOB, PERSON, ADDRESS], do: redact }
    - { unscannable: [image, audio, binary], do: keep }
tests:
  - { as: data-engineer, call: ${server}/${tools[0]}, args: {}, expect: allow C-1 masked }
`;
};
