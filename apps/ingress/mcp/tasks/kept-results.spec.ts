import { describe, expect, it } from 'vitest';
import type { Digest } from '#core/hash.js';
import { KEPT_MS, KeptResults } from './kept-results.js';

const OWNER = 'sha256:a' as Digest;
const RESULT = Buffer.from('{"content":[],"n":1.50}');

const kept = () => {
  let now = 1_000;
  const results = new KeptResults(() => now);
  const ask = async (taskId: string, method: 'tasks/get' | 'tasks/cancel' = 'tasks/get', owner = OWNER) => {
    const answer = await results.answering(method, owner, taskId).answer();
    return { kind: answer.kind, text: Buffer.from(answer.bytes).toString() };
  };
  return {
    results,
    ask,
    pass: (wait_ms: number) => {
      now += wait_ms;
    },
  };
};

describe('a result that was there at once', () => {
  it('is kept as a task that begins as a working one and has ended at the first look, byte for byte', async () => {
    const { results, ask } = kept();
    const { taskId, status, ttlMs } = results.keep(OWNER, RESULT);
    expect([status, ttlMs]).toEqual(['working', KEPT_MS]);
    const { kind, text } = await ask(taskId);
    expect(kind).toBe('result');
    expect(JSON.parse(text)).toMatchObject({ taskId, status: 'completed', result: { content: [] } });
    expect(text).toContain(`"result":${RESULT}`);
    expect(await ask(taskId, 'tasks/cancel')).toEqual({ kind: 'result', text: '{"resultType":"complete"}' });
  });

  it('is not there for another owner', async () => {
    const { results, ask } = kept();
    const { taskId } = results.keep(OWNER, RESULT);
    expect((await ask(taskId, 'tasks/get', 'sha256:b' as Digest)).kind).toBe('error');
  });

  it('is there for five minutes', async () => {
    const { results, ask, pass } = kept();
    const { taskId } = results.keep(OWNER, RESULT);
    pass(KEPT_MS - 1);
    expect((await ask(taskId)).kind).toBe('result');
    pass(1);
    expect((await ask(taskId)).kind).toBe('error');
  });

  it('makes room for later ones: at most 1,024, and at most 64 MiB', async () => {
    const { results, ask } = kept();
    const first = results.keep(OWNER, RESULT);
    const rest = Array.from({ length: 1_024 }, () => results.keep(OWNER, RESULT));
    expect((await ask(first.taskId)).kind).toBe('error');
    expect((await ask(rest[0]?.taskId ?? '')).kind).toBe('result');
    const large = Buffer.from(JSON.stringify({ content: 'x'.repeat(40 * 1024 * 1024) }));
    const [one, other] = [results.keep(OWNER, large), results.keep(OWNER, large)];
    expect((await ask(one.taskId)).kind).toBe('error');
    expect((await ask(other.taskId)).kind).toBe('result');
  });
});
