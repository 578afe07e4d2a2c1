import { startEverything } from '../../conformance/everything/everything-server.js';
import type { Stage } from '../support/stage.js';
import { type PrivateSystem, type Settings, startPrivate } from '../support/standalone.js';

const TOOLS = [
  'greet',
  'slow_compute',
  'failing_job',
  'protocol_error_job',
  'confirm_delete',
  'multi_input',
  'test_tool_with_task',
];
/** Less than `failing_job` takes. */
const HASTY_MS = 250;
const METHODS = ['tasks/get', 'tasks/result', 'tasks/update', 'tasks/cancel', 'elicitation/create'];
const list = (...names: readonly (readonly string[])[]) =>
  JSON.stringify(
    ['old', 'hasty', 'new'].flatMap((server) => names.flat().map((name) => `${server}/${name}`)),
  );

/**
 * Engineers run the tasks of two servers, `old` of the legacy and `new` of the modern era; managers may only begin them.
 * `hasty` is `old` for those who do not wait long for an answer.
 */
const POLICY = `policy: 1
name: tasks
default: deny
roles:
  data-engineer: { groups: [BANK-DATA-ENG] }
  manager: { groups: [BANK-DATA-MGR] }
  examiner: { groups: [BANK-EXAMINER] }
operations:
  begin: { kind: write, tools: ${list(TOOLS)} }
  follow: { kind: read, methods: ${list(METHODS)} }
rules:
  - { id: E-1, says: Engineers run tasks., roles: [data-engineer], allow: [begin, follow], mask: pii }
  - { id: M-1, says: Managers begin them., roles: [manager], allow: [begin], mask: pii }
masking:
  pii:
    - { kinds: [US_SSN, EMAIL], do: redact }
    - { unscannable: [image, audio, binary, over-limit], do: block }
`;

export const startTasks = async (stage: Stage, settings: Settings = {}): Promise<PrivateSystem> => {
  const [old, modern] = await Promise.all([startEverything('legacy'), startEverything('modern')]);
  stage.defer(old.close);
  stage.defer(modern.close);
  const upstream = (name: string, url: string) => ({
    name,
    transport: 'http',
    url,
    server_requests: ['elicitation/create'],
  });
  return startPrivate(stage, {
    policy: POLICY,
    upstreams: [
      upstream('old', old.url),
      { ...upstream('hasty', old.url), timeout_ms: HASTY_MS },
      upstream('new', modern.url),
    ],
    settings,
  });
};
