import { type Attack, type AttackClass, completed } from '../attack.js';
import { EMAIL, PAN, PERSONAL, SENTENCE, SSN } from '../personal-data.js';
import { answers, answersError, type Members, type Play, resultFor, stream } from '../recording-server.js';
import { envelope, legacy, modern, TASKS } from '../wire.js';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const encoded = [base64(SENTENCE), base64(EMAIL), base64(SSN)];

interface Surface {
  readonly title: string;
  readonly method: string;
  readonly params: Members;
  readonly result: Members;
}

/** Both eras, in JSON and split over the packets of an event stream. */
const parity = ({ title, method, params, result }: Surface): readonly Attack[] => {
  const attack = (how: string, era: 'old' | 'new', play: Play): Attack => ({
    title: `${title}, ${how}`,
    before: (scene) => scene[era].next(play),
    send: (scene) =>
      era === 'old'
        ? legacy(scene, method, params)
        : modern(scene, method, params, { meta: envelope(TASKS) }),
    status: 200,
    trace: completed,
    forwards: 1,
    hidden: [...PERSONAL, ...encoded],
    also: (_scene, _outcome, recorded) => {
      const masked = recorded.find(({ type }) => type === 'ResultMasked');
      const counts = (masked?.data['counts'] ?? {}) as Record<string, number>;
      const blocked = masked?.data['blocked'] === true;
      if (!blocked && Object.keys(counts).length === 0) throw new Error('nothing was masked');
    },
  });
  const split: Play = (request, response) => {
    const text = `data: ${resultFor(request, result)}\n\n`;
    const cut = text.indexOf(SSN) < 0 ? Math.floor(text.length / 2) : text.indexOf(SSN) + 5;
    return stream(response, [text.slice(0, cut), text.slice(cut)]);
  };
  return [
    attack('legacy', 'old', answers(result)),
    attack('modern', 'new', answers({ resultType: 'complete', ...result })),
    attack('split in packets', 'old', split),
  ];
};

const ofTool = (title: string, result: Members): readonly Attack[] =>
  parity({ title, method: 'tools/call', params: { name: 'read', arguments: {} }, result });
const content = (block: Members): Members => ({ content: [block] });

const surfaces: readonly Attack[] = [
  ...ofTool('text content', content({ type: 'text', text: SENTENCE })),
  ...ofTool('structured content', {
    content: [],
    structuredContent: { note: SENTENCE, rows: [{ email: EMAIL }] },
  }),
  ...ofTool('keys of structured content', {
    content: [],
    structuredContent: { [EMAIL]: 1, [SSN]: 2, [PAN]: 3 },
  }),
  ...ofTool('_meta of a result', { content: [], _meta: { 'x/note': SENTENCE } }),
  ...ofTool('_meta of a block', content({ type: 'text', text: '', _meta: { note: SENTENCE } })),
  ...ofTool(
    'a resource link',
    content({ type: 'resource_link', uri: `bank://x/${SSN}`, name: EMAIL, description: SENTENCE }),
  ),
  ...ofTool(
    'an embedded text resource',
    content({ type: 'resource', resource: { uri: 'bank://x', text: SENTENCE } }),
  ),
  ...ofTool(
    'an embedded blob of text',
    content({
      type: 'resource',
      resource: { uri: 'bank://x', mimeType: 'text/plain', blob: base64(SENTENCE) },
    }),
  ),
  ...ofTool('an image', content({ type: 'image', mimeType: 'image/png', data: base64(SENTENCE) })),
  ...ofTool('a blob inside structured content', {
    content: [],
    structuredContent: { file: { uri: 'a:b', mimeType: 'text/plain', blob: base64(SENTENCE) } },
  }),
  ...ofTool(
    'JSON inside a text',
    content({ type: 'text', text: JSON.stringify({ ssn: SSN, email: EMAIL, card: PAN }) }),
  ),
  ...ofTool('a block of a type that nobody knows', content({ type: 'x-secret', payload: SENTENCE })),
  ...ofTool('a member of the result that nobody knows', { content: [], extra: { note: SENTENCE } }),
  ...ofTool('an error result', { content: [{ type: 'text', text: SENTENCE }], isError: true }),
  ...ofTool(
    'digits of a card in full width',
    content({ type: 'text', text: '\uff14\uff15\uff13\uff19 1488 0343 6467', _meta: { also: EMAIL } }),
  ),
  ...parity({
    title: 'the messages of a prompt',
    method: 'prompts/get',
    params: { name: 'summary' },
    result: {
      description: SENTENCE,
      messages: [{ role: 'user', content: { type: 'text', text: SENTENCE } }],
    },
  }),
  ...parity({
    title: 'the contents of a resource',
    method: 'resources/read',
    params: { uri: 'bank://public/1' },
    result: {
      contents: [
        { uri: 'bank://public/1', text: SENTENCE },
        { uri: 'bank://public/1', mimeType: 'text/csv', blob: base64(SENTENCE) },
      ],
    },
  }),
  ...parity({
    title: 'the values of a completion',
    method: 'completion/complete',
    params: { ref: { type: 'ref/prompt', name: 'summary' }, argument: { name: 'of', value: 'e' } },
    result: { completion: { values: [EMAIL, SSN, PAN] } },
  }),
];

const failing = (title: string, error: Members): Attack => ({
  title,
  before: ({ old }) => old.next(answersError(error)),
  send: (scene) => legacy(scene, 'tools/call', { name: 'read', arguments: {} }),
  status: 200,
  trace: completed,
  forwards: 1,
  hidden: [...PERSONAL, ...encoded],
});

export const maskingParity: AttackClass = {
  number: 6,
  title: 'masking parity',
  rule: 'personal data is masked on every surface of an answer, in both eras and however it is cut',
  attacks: [
    ...surfaces,
    failing('the message of an error', { code: -32000, message: SENTENCE }),
    failing('the data of an error', { code: -32000, message: 'x', data: { deep: [{ note: SENTENCE }] } }),
    failing('a blob in the data of an error', {
      code: -32000,
      message: 'x',
      data: { uri: 'a:b', mimeType: 'text/plain', blob: base64(SENTENCE) },
    }),
    failing('a member of an error that nobody knows', { code: -32000, message: 'x', hint: SENTENCE }),
  ],
};
