import { type Attack, type AttackClass, denied, refused } from '../attack.js';
import type { Members } from '../recording-server.js';
import { CANARY, type Person, type Scene } from '../scene.js';
import { envelope, legacy, modern, openSession, TASKS } from '../wire.js';

type Era = 'legacy' | 'modern';
const ask = (scene: Scene, era: Era, method: string, params: Members, as: Person = 'engineer') =>
  era === 'legacy'
    ? legacy(scene, method, params, { as })
    : modern(scene, method, params, { as, meta: envelope(TASKS) });

interface Forbidden {
  readonly title: string;
  readonly method: string;
  readonly params: Members;
  /** The list that must not show it, and the words that would. */
  readonly list: string;
  readonly words: string;
  readonly as?: Person;
}

/** In both eras: the list does not show it, and asking for it all the same is denied. */
const parity = ({ title, method, params, list, words, as = 'engineer' }: Forbidden): readonly Attack[] =>
  (['legacy', 'modern'] as const).map((era) => ({
    title: `${title}, ${era}`,
    send: (scene) => ask(scene, era, method, params, as),
    status: 200,
    code: 'call_denied',
    trace: denied('call_denied'),
    also: async (scene) => {
      const { status, text } = await ask(scene, era, list, {}, as);
      if (status !== 200 || text.includes(words)) throw new Error(`${list} shows ${words}: ${text}`);
    },
  }));

const tool = (name: string): Members => ({ name, arguments: { a: CANARY.argument } });
const things: readonly Attack[] = [
  ...parity({
    title: 'a tool that nobody may call',
    method: 'tools/call',
    params: tool('forbidden'),
    list: 'tools/list',
    words: '"forbidden"',
  }),
  ...parity({
    title: 'a prompt that nobody may get',
    method: 'prompts/get',
    params: { name: 'hidden' },
    list: 'prompts/list',
    words: '"hidden"',
  }),
  ...parity({
    title: 'a resource that nobody may read',
    method: 'resources/read',
    params: { uri: 'bank://secret/1' },
    list: 'resources/list',
    words: 'bank://secret',
  }),
  ...parity({
    title: 'an expansion of a template that nobody may use',
    method: 'resources/read',
    params: { uri: 'bank://secret/77' },
    list: 'resources/templates/list',
    words: 'bank://secret',
  }),
  ...parity({
    title: 'a resource that no list and no rule names',
    method: 'resources/read',
    params: { uri: 'bank://elsewhere/1' },
    list: 'resources/list',
    words: 'elsewhere',
  }),
  ...parity({
    title: 'a completion for a prompt that nobody may get',
    method: 'completion/complete',
    params: { ref: { type: 'ref/prompt', name: 'hidden' }, argument: { name: 'of', value: 'x' } },
    list: 'prompts/list',
    words: '"hidden"',
  }),
  ...parity({
    title: 'a completion for a template that nobody may use',
    method: 'completion/complete',
    params: { ref: { type: 'ref/resource', uri: 'bank://secret/1' }, argument: { name: 'id', value: '1' } },
    list: 'resources/templates/list',
    words: 'bank://secret',
  }),
  ...parity({
    title: 'a tool, by a role that may nothing',
    method: 'tools/call',
    params: tool('read'),
    list: 'tools/list',
    words: '"read"',
    as: 'analyst',
  }),
  ...parity({
    title: 'a prompt, by a role that may nothing',
    method: 'prompts/get',
    params: { name: 'summary' },
    list: 'prompts/list',
    words: '"summary"',
    as: 'analyst',
  }),
  ...parity({
    title: 'a resource, by a role that may nothing',
    method: 'resources/read',
    params: { uri: 'bank://public/1' },
    list: 'resources/list',
    words: 'bank://public',
    as: 'analyst',
  }),
];

const united = (title: string, method: string, params: Members, code: string): Attack => ({
  title: `${title}, at the united endpoint`,
  send: (scene) => legacy(scene, method, params, { endpoint: 'mcp' }),
  status: code === 'params_invalid' ? 400 : 200,
  code,
  trace: code === 'call_denied' ? denied(code) : refused(code),
});

const unknownMethod = (method: string, era: Era): Attack => ({
  title: `the method ${method}, ${era}`,
  send: (scene) => ask(scene, era, method, { name: 'read', taskId: 'x', a: CANARY.argument }),
  status: era === 'modern' ? 404 : 200,
  code: 'method_unknown',
  trace: refused('method_unknown'),
});

const UNKNOWN = [
  'tools/execute',
  'tools/call/read',
  'Tools/Call',
  'tools/call/',
  '/tools/call',
  'tools/%63all',
  'tools.call',
  'tools/list/../call',
  'rpc.discover',
  'constructor',
  '__proto__',
  'toString',
  'elicitation/create',
  'sampling/createMessage',
  'roots/list',
  'tasks/list',
  'notifications/initialized',
] as const;

export const listAndCall: AttackClass = {
  number: 7,
  title: 'parity of lists and calls, unknown methods',
  rule: 'what a list does not show cannot be had by asking for it, and what nobody offers is refused',
  attacks: [
    ...things,
    united('a tool that nobody may call', 'tools/call', tool('old__forbidden'), 'call_denied'),
    united('a prompt that nobody may get', 'prompts/get', { name: 'old__hidden' }, 'call_denied'),
    united('a tool of a server that is not there', 'tools/call', tool('nowhere__read'), 'tool_unknown'),
    united('a tool without a server', 'tools/call', tool('read'), 'tool_unknown'),
    united(
      'a resource that two servers have',
      'resources/read',
      { uri: 'bank://public/1' },
      'params_invalid',
    ),
    united('a resource that no server has', 'resources/read', { uri: 'other://x' }, 'params_invalid'),
    {
      title: 'watching a resource that nobody may read',
      send: async (scene) =>
        legacy(
          scene,
          'resources/subscribe',
          { uri: 'bank://secret/1' },
          { headers: { 'mcp-session-id': await openSession(scene) } },
        ),
      status: 200,
      code: 'call_denied',
      trace: denied('call_denied'),
    },
    {
      title: 'a log level, by a role that may nothing',
      send: (scene) => legacy(scene, 'logging/setLevel', { level: 'debug' }, { as: 'analyst' }),
      status: 200,
      code: 'call_denied',
      trace: denied('call_denied'),
    },
    {
      title: 'a cursor that the gateway never gave',
      send: (scene) => legacy(scene, 'tools/list', { cursor: CANARY.argument }),
      status: 400,
      code: 'params_invalid',
      trace: refused('params_invalid'),
    },
    ...UNKNOWN.flatMap((method) => [unknownMethod(method, 'legacy'), unknownMethod(method, 'modern')]),
    ...['server/discover', 'subscriptions/listen', 'tasks/update'].map((method) =>
      unknownMethod(method, 'legacy'),
    ),
    ...['ping', 'initialize', 'logging/setLevel', 'resources/subscribe', 'tasks/result'].map((method) =>
      unknownMethod(method, 'modern'),
    ),
  ],
};
