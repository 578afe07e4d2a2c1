import { describe, expect, it } from 'vitest';
import { decidePolicy } from './decide-policy.js';
import { indexPolicy } from './index-policy.js';
import type { DecisionInput, PolicyBundle, PolicyRule } from './policy.types.js';

const MEASURE_MS = 300;

/** A fifth as many roles and operations as rules; each operation has an allow, a deny and an approval for its role. */
const policyOf = (ruleCount: number): PolicyBundle => {
  const names = Array.from({ length: Math.ceil(ruleCount / 5) }, (_, at) => at);
  const block = { image: 'block', audio: 'block', binary: 'block', 'over-limit': 'block' } as const;
  return {
    semantics: 1,
    name: 'bench',
    roles: Object.fromEntries(names.map((at) => [`r${at}`, { groups: [`G${at}`] }])),
    operations: Object.fromEntries(names.map((at) => [`o${at}`, { kind: 'read', tools: [`s/t${at}`] }])),
    rules: Array.from({ length: ruleCount }, (_, at): PolicyRule => {
      const name = at % names.length;
      const effect = (['allow', 'deny', 'oblige'] as const)[Math.floor(at / names.length) % 3] ?? 'allow';
      return {
        id: `R${at}`,
        says: 'A rule.',
        roles: [`r${name}`],
        effect,
        operations: [`o${name}`],
        when: [
          {
            path: 'args.limit',
            checks: [effect === 'allow' ? { op: 'lte', value: '200' } : { op: 'gt', value: '1000' }],
          },
        ],
        approval: effect === 'oblige' ? { by: ['r0'], count: 1, expires_s: 60 } : null,
        mask: effect === 'allow' ? 'pii' : null,
      };
    }),
    masking: { pii: { name: 'pii', rules: [{ kinds: ['PAN'], do: 'redact' }], unscannable: block } },
    tests: [],
  };
};

describe('decisions a second (printed, not judged: the machine is shared)', () => {
  it.each([10, 1000, 10_000])('%i rules decide right while measured', (ruleCount) => {
    const policy = indexPolicy(policyOf(ruleCount));
    const inputs = Array.from({ length: 64 }, (_, at): DecisionInput => {
      const name = at % Math.ceil(ruleCount / 5);
      const now = '2026-11-02T12:00:00Z';
      return {
        groups: [`G${name}`],
        server: 's',
        tool: `t${name}`,
        args: { limit: 10 + at },
        token: { acr: 'mfa' },
        now,
      };
    });
    for (let round = 0; round < 2000; round++) for (const input of inputs) decidePolicy(policy, input);
    let decided = 0;
    let allowed = 0;
    const started = performance.now();
    while (performance.now() - started < MEASURE_MS) {
      for (const input of inputs) if (decidePolicy(policy, input).effect === 'allow') allowed++;
      decided += inputs.length;
    }
    const rate = decided / ((performance.now() - started) / 1000);
    console.log(`policy: ${ruleCount} rules, ${Math.round(rate / 1000)} k decisions/s`);
    expect(allowed).toBe(decided);
  });
});
