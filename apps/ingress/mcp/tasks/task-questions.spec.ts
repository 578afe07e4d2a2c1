import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Digest } from '#core/hash.js';
import type { ModernClient } from '../client.js';
import { TaskQuestions } from './task-questions.js';
import { WaitingTasks } from './waiting-tasks.js';

const CLIENT: ModernClient = {
  era: 'modern',
  revision: '2026-07-28',
  info: null,
  capabilities: new Set(['elicitation', 'tasks']),
  logLevel: undefined,
};
const NEVER = new AbortController().signal;

const asking = () => {
  const questions = new TaskQuestions(CLIENT);
  const exchange = questions.exchange(NEVER);
  const ask = (method = 'elicitation/create', signal = NEVER) =>
    exchange.ask({ method, paramsBytes: Buffer.from('{"message":"sure?"}'), signal }).then(
      ({ bytes }) => Buffer.from(bytes).toString(),
      ({ code }: { code: string }) => code,
    );
  const keys = () => Object.keys(questions.unanswered());
  return { questions, ask, keys };
};

describe('a question of a task', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('waits under a key of its own until it is answered, once', async () => {
    const { questions, ask, keys } = asking();
    const coming = questions.next();
    const [first, second] = [ask(), ask()];
    await coming;
    const [one = '', other = ''] = keys();
    expect(questions.unanswered()).toMatchObject({
      [one]: { method: 'elicitation/create', params: { message: 'sure?' } },
    });
    questions.answer({ [one]: { action: 'accept' }, unknown: { action: 'accept' }, [other]: 'nothing' });
    expect(await first).toBe('{"action":"accept"}');
    expect(keys()).toEqual([other]);
    questions.answer({ [one]: { action: 'decline' }, [other]: { action: 'decline' } });
    expect(await second).toBe('{"action":"decline"}');
    expect(keys()).toEqual([]);
  });

  it('that the client cannot be asked is refused', async () => {
    expect(await asking().ask('sampling/createMessage')).toBe('capability_missing');
  });

  it('is open for five minutes, until the server withdraws it or the task is cancelled', async () => {
    const { questions, ask, keys } = asking();
    const late = ask();
    await vi.advanceTimersByTimeAsync(5 * 60_000 - 1);
    expect(keys()).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(await late).toBe('question_unanswered');
    const withdrawn = new AbortController();
    const gone = ask('elicitation/create', withdrawn.signal);
    withdrawn.abort();
    expect(await gone).toBe('call_cancelled');
    const cancelled = ask();
    questions.withdraw();
    expect(await cancelled).toBe('call_cancelled');
    expect(keys()).toEqual([]);
  });
});

it('of one owner at most 32 tasks wait for answers, and one that is over makes room', async () => {
  const waiting = new WaitingTasks();
  const [owner, other] = ['sha256:a' as Digest, 'sha256:b' as Digest];
  const over = Promise.withResolvers<void>();
  const add = (of: Digest, taskId: string, ended: Promise<void>) =>
    waiting.add(of, 'old', taskId, { questions: new TaskQuestions(CLIENT), ended });
  for (let task = 1; task <= 32; task++) add(owner, String(task), over.promise);
  expect(() => add(owner, '33', over.promise)).toThrow('at most 32');
  add(other, '1', new Promise(() => undefined));
  expect(waiting.find(owner, 'new', '1')).toBeUndefined();
  over.resolve();
  await over.promise;
  expect(waiting.find(owner, 'old', '1')).toBeUndefined();
  expect(waiting.find(other, 'old', '1')).toBeDefined();
});
