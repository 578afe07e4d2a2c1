import { type Attack, type AttackClass, completed, failed, refused } from '../attack.js';
import { answers, type Members } from '../recording-server.js';
import { CANARY, RESULT_BYTES_MAX, type Scene } from '../scene.js';
import { call, legacy, modern } from '../wire.js';

/** Room for a busy machine: what is careless takes minutes. */
const ANSWERED_MS_MAX = 10_000;
const inTime = async (send: () => ReturnType<Attack['send']>): ReturnType<Attack['send']> => {
  const started = performance.now();
  const outcome = await send();
  const elapsed_ms = performance.now() - started;
  if (elapsed_ms > ANSWERED_MS_MAX) throw new Error(`answered after ${Math.round(elapsed_ms)} ms`);
  return outcome;
};
/** Texts on which a careless pattern takes for ever, as an argument and in a result. */
const SLOW: readonly (readonly [string, string])[] = [
  ['a run of digits', '1'.repeat(40_000)],
  ['digits with blanks', '1 '.repeat(20_000)],
  ['digits with hyphens', '4-'.repeat(20_000)],
  ['a run of letters and an exclamation mark', `${'a'.repeat(40_000)}!`],
  ['signs of mail addresses', '@'.repeat(40_000)],
  ['a mail address that does not end', `${'a.'.repeat(20_000)}@`],
  ['blanks', ' '.repeat(40_000)],
  ['opening brackets', '['.repeat(40_000)],
  [
    'JSON in JSON in JSON',
    Array.from({ length: 9 }).reduce<string>((text) => JSON.stringify({ a: text }), 'x'),
  ],
  ['combining characters', 'e\u0301'.repeat(12_000)],
  ['percent signs', '%25'.repeat(13_000)],
  ['letters of an IBAN', 'DE'.repeat(20_000)],
];
const slowArgument = ([title, text]: (typeof SLOW)[number]): Attack => ({
  title: `${title}, as an argument`,
  send: (scene) => inTime(() => call(scene, 'read', { text })),
  status: 200,
  trace: completed,
  forwards: 1,
});
const slowResult = ([title, text]: (typeof SLOW)[number]): Attack => ({
  title: `${title}, in a result`,
  before: ({ old }) => old.next(answers({ content: [{ type: 'text', text }] })),
  send: (scene) => inTime(() => call(scene, 'read')),
  status: 200,
  trace: completed,
  forwards: 1,
});
const large = (
  title: string,
  result: Members,
  send: (scene: Scene) => ReturnType<Attack['send']>,
  era: 'old' | 'new' = 'old',
): Attack => ({
  title,
  before: async (scene) => {
    await call(scene, 'read');
    scene[era].next(answers(result));
  },
  send,
  status: 200,
  code: 'result_too_large',
  trace: failed('result_too_large'),
  forwards: 1,
});
const text = 'x'.repeat(RESULT_BYTES_MAX);

export const budgets: AttackClass = {
  number: 18,
  title: 'budgets, large results, slow patterns',
  rule: 'nobody makes the gateway work longer or hold more than its limits say',
  attacks: [
    ...SLOW.map(slowArgument),
    ...SLOW.map(slowResult),
    large('a result over the limit', { content: [{ type: 'text', text }] }, (scene) => call(scene, 'read')),
    large(
      'a result over the limit, modern',
      { resultType: 'complete', content: [{ type: 'text', text }] },
      (scene) => modern(scene, 'tools/call', { name: 'read', arguments: {} }),
      'new',
    ),
    {
      ...large(
        'the contents of a resource over the limit',
        { contents: [{ uri: 'bank://public/1', text }] },
        (scene) => legacy(scene, 'resources/read', { uri: 'bank://public/1' }),
      ),
    },
    large('a result of 60,000 blocks', { content: Array.from({ length: 60_000 }, () => ({})) }, (scene) =>
      call(scene, 'read'),
    ),
    {
      title: 'arguments over the budget of the server',
      send: (scene) => call(scene, 'read', { a: CANARY.argument.repeat(20) }, { endpoint: 'mcp/tight' }),
      status: 429,
      code: 'budget_exceeded',
      trace: { type: 'CallDenied', says: 'budget_exceeded' },
    },
    {
      title: 'a result over the budget of the server',
      before: ({ tight }) => tight.next(answers({ content: [{ type: 'text', text: 'x'.repeat(4_000) }] })),
      send: (scene) => call(scene, 'read', {}, { endpoint: 'mcp/tight' }),
      status: 200,
      code: 'result_too_large',
      trace: failed('result_too_large'),
      forwards: 1,
    },
    {
      title: 'a subscription to something that is no list',
      send: (scene) =>
        modern(scene, 'subscriptions/listen', { notifications: { resourceSubscriptions: { length: 1 } } }),
      status: 400,
      code: 'params_invalid',
      trace: refused('params_invalid'),
    },
    {
      title: 'a modern subscription to 101 resources',
      send: (scene) =>
        modern(scene, 'subscriptions/listen', {
          notifications: {
            resourceSubscriptions: Array.from({ length: 101 }, (_, index) => `bank://public/${index}`),
          },
        }),
      status: 400,
      code: 'params_invalid',
      trace: refused('params_invalid'),
    },
  ],
};
