import { describe, expect, it } from 'vitest';
import { URI_CHARS_MAX } from '#core/call/resource-uri.js';
import { policyDecide, policyFilter } from './policy.js';

const target = { kind: 'resource', server: 's', tool: `u:${'x'.repeat(URI_CHARS_MAX - 2)}` } as const;
const decide = { groups: [], args: new Uint8Array(), token: {}, now: '2026-11-22T12:00:00.000Z' };

describe('what policy is asked', () => {
  it('may be about a resource of the longest URI, and no longer one', () => {
    const longer = { ...target, tool: `${target.tool}x` };
    expect(policyDecide.request.safeParse({ ...decide, ...target }).success).toBe(true);
    expect(policyDecide.request.safeParse({ ...decide, ...longer }).success).toBe(false);
    expect(policyFilter.request.safeParse({ groups: [], tools: [target] }).success).toBe(true);
    expect(policyFilter.request.safeParse({ groups: [], tools: [longer] }).success).toBe(false);
  });

  it('is about a tool when no kind is said, and about no other kind than the four', () => {
    const { kind: _, ...tool } = target;
    expect(policyDecide.request.parse({ ...decide, ...tool }).kind).toBeUndefined();
    expect(policyDecide.request.safeParse({ ...decide, ...target, kind: 'root' }).success).toBe(false);
    expect(policyFilter.request.safeParse({ groups: [], tools: [{ ...target, kind: 'root' }] }).success).toBe(
      false,
    );
  });
});
