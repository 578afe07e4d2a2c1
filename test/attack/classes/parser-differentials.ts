import { type Attack, type AttackClass, denied, refused } from '../attack.js';
import { CANARY } from '../scene.js';
import { call, post } from '../wire.js';

const canary = JSON.stringify(CANARY.argument);
/** tools/call of the tool "forbidden" hidden behind one of "read", or arguments with two readings. */
const withArguments = (text: string): string =>
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read","arguments":${text}}}`;
const withParams = (text: string): string =>
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${text}}`;
const withFrame = (text: string): string =>
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read","arguments":{"a":${canary}}}${text}}`;
const withId = (id: string): string =>
  `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"read"}}`;
const whole = withArguments(`{"a":${canary}}`);

const malformed = (title: string, body: string | Uint8Array): Attack => ({
  title,
  send: (scene) => post(scene, body),
  status: 400,
  code: 'json_malformed',
  trace: refused('json_malformed'),
});
const invalid = (title: string, body: string | Uint8Array): Attack => ({
  ...malformed(title, body),
  code: 'frame_invalid',
  trace: refused('frame_invalid'),
});
const badParams = (title: string, body: string): Attack => ({
  ...malformed(title, body),
  code: 'params_invalid',
  trace: refused('params_invalid'),
});

const around = (before: readonly number[], text: string, after: readonly number[] = []): Uint8Array =>
  Buffer.concat([Buffer.from(before), Buffer.from(text), Buffer.from(after)]);
/** The argument's text with these bytes in it. */
const inText = (bytes: readonly number[]): Uint8Array =>
  around([], '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read","arguments":{"a":"x', [
    ...bytes,
    ...Buffer.from('"}}}'),
  ]);
const nested = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
const wide = (members: number): string =>
  `{${Array.from({ length: members }, (_, index) => `"k${index}":0`).join(',')}}`;

const duplicates: readonly Attack[] = [
  malformed('a second method', withFrame(',"method":"ping"')),
  malformed('a second params with another tool', withFrame(',"params":{"name":"forbidden"}')),
  malformed('a second id', withFrame(',"id":2')),
  malformed('a second jsonrpc', withFrame(',"jsonrpc":"2.0"')),
  malformed('a second name', withParams('{"name":"read","name":"forbidden"}')),
  malformed('a second name, escaped', withParams('{"name":"read","n\\u0061me":"forbidden"}')),
  malformed('a second arguments', withParams(`{"name":"read","arguments":{},"arguments":{"a":${canary}}}`)),
  malformed('a second argument', withArguments(`{"a":1,"a":${canary}}`)),
  malformed('a second argument, escaped', withArguments(`{"a":1,"\\u0061":${canary}}`)),
  malformed('a second argument three levels down', withArguments(`{"x":[{"y":{"a":1,"a":${canary}}}]}`)),
  malformed('a second _meta', withParams('{"name":"read","_meta":{},"_meta":{"progressToken":1}}')),
  malformed('a second key in _meta', withParams('{"name":"read","_meta":{"a":1,"a":2}}')),
  malformed('an empty key twice', withArguments('{"":1,"":2}')),
  malformed(
    'a repetition in an object of 40 keys',
    withArguments(`{${Array.from({ length: 40 }, (_, index) => `"k${index}":0`).join(',')},"k39":1}`),
  ),
];

const folded: readonly Attack[] = [
  malformed('Method beside method', withFrame(',"Method":"ping"')),
  malformed('METHOD beside method', withFrame(',"METHOD":"ping"')),
  malformed('Params beside params', withFrame(',"Params":{"name":"forbidden"}')),
  malformed('ID beside id', withFrame(',"ID":2')),
  malformed('paramſ (long s) beside params', withFrame(',"param\u017f":{"name":"forbidden"}')),
  malformed('paramſ escaped beside params', withFrame(',"param\\u017f":{"name":"forbidden"}')),
  malformed('ıd (dotless i) beside id', withFrame(',"\u0131d":2')),
  malformed('full-width method beside method', withFrame(',"\uff4dethod":"ping"')),
  malformed('Name beside name', withParams('{"name":"read","Name":"forbidden"}')),
  malformed(
    'Arguments beside arguments',
    withParams(`{"name":"read","arguments":{},"Arguments":{"a":${canary}}}`),
  ),
  malformed(
    'argumentſ beside arguments',
    withParams(`{"name":"read","arguments":{},"argument\u017f":{"a":1}}`),
  ),
  malformed('_Meta beside _meta', withParams('{"name":"read","_meta":{},"_Meta":{}}')),
  malformed('fullwidth _meta beside _meta', withParams('{"name":"read","_meta":{},"_\uff4deta":{}}')),
  invalid('Method alone', '{"jsonrpc":"2.0","id":1,"Method":"tools/call","params":{"name":"read"}}'),
  invalid('a member that JSON-RPC does not know', withFrame(`,"extra":${canary}`)),
  badParams('Name alone', withParams('{"Name":"read"}')),
];

const objects: readonly Attack[] = [
  malformed('__proto__ in the frame', withFrame(',"__proto__":{"method":"ping"}')),
  malformed('__proto__ in params', withParams('{"name":"read","__proto__":{"name":"forbidden"}}')),
  malformed('__proto__ in the arguments', withArguments(`{"__proto__":{"admin":${canary}}}`)),
  malformed('__proto__ escaped', withArguments('{"__pr\\u006fto__":{"admin":true}}')),
  malformed('__proto__ deep in an array', withArguments('{"a":[[{"__proto__":[]}]]}')),
  malformed('__proto__ in _meta', withParams('{"name":"read","_meta":{"__proto__":{}}}')),
  invalid('constructor in the frame', withFrame(',"constructor":{"prototype":{}}')),
  {
    title: 'constructor and prototype as arguments are arguments and nothing else',
    send: (scene) => post(scene, withArguments('{"constructor":{"prototype":{"admin":true}},"toString":1}')),
    status: 200,
    trace: { type: 'CallCompleted' },
    forwards: 1,
    also: async ({ old }) => {
      const heard = old.calls.at(-1)?.text ?? '';
      if (!heard.includes('{"constructor":{"prototype":{"admin":true}},"toString":1}'))
        throw new Error('the upstream got something else');
    },
  },
  {
    title: 'a tool called constructor does not exist',
    send: (scene) => call(scene, 'constructor', { a: CANARY.argument }),
    status: 200,
    code: 'tool_unknown',
    trace: denied('tool_unknown'),
  },
  {
    title: 'a tool called __proto__ does not exist',
    send: (scene) => call(scene, '__proto__', { a: CANARY.argument }),
    status: 200,
    code: 'tool_unknown',
    trace: denied('tool_unknown'),
  },
];

const numbers: readonly Attack[] = [
  malformed('1e400', withArguments('{"amount":1e400}')),
  malformed('-1e400', withArguments('{"amount":-1e400}')),
  malformed('an integer above 2^53', withArguments('{"amount":9007199254740993}')),
  malformed('an integer below -2^53', withArguments('{"amount":-9007199254740993}')),
  malformed('a fraction above 2^53 that loses digits', withArguments('{"amount":9007199254740992.5}')),
  malformed('NaN', withArguments('{"amount":NaN}')),
  malformed('Infinity', withArguments('{"amount":Infinity}')),
  malformed('a leading zero', withArguments('{"amount":010}')),
  malformed('a leading plus', withArguments('{"amount":+1}')),
  malformed('a hexadecimal number', withArguments('{"amount":0x10}')),
  malformed('a number that ends with a dot', withArguments('{"amount":1.}')),
  malformed('a number without a digit before the dot', withArguments('{"amount":.5}')),
  malformed('underscores in a number', withArguments('{"amount":1_000}')),
  {
    title: '-0 is forwarded as the 0 that policy saw',
    send: (scene) => post(scene, withArguments('{"amount":-0}')),
    status: 200,
    trace: { type: 'CallCompleted' },
    forwards: 1,
    also: ({ old }) => {
      if (!old.calls.at(-1)?.text.includes('{"amount":0}'))
        throw new Error('the upstream got another number');
    },
  },
  {
    title: '1.0E+2 is forwarded as the 100 that policy saw',
    send: (scene) => post(scene, withArguments('{"amount":1.0E+2}')),
    status: 200,
    trace: { type: 'CallCompleted' },
    forwards: 1,
    also: ({ old }) => {
      if (!old.calls.at(-1)?.text.includes('{"amount":100}'))
        throw new Error('the upstream got another number');
    },
  },
];

const ids: readonly Attack[] = [
  invalid('an id of null', withId('null')),
  invalid('an id that is a list', withId('[1]')),
  invalid('an id that is an object', withId('{"a":1}')),
  invalid('an id that is a boolean', withId('true')),
  invalid('an id of 1.5', withId('1.5')),
  invalid('an id of 1.0, which would come back as 1', withId('1.0')),
  invalid('an id of 1e3, which would come back as 1000', withId('1e3')),
  malformed('an id above 2^53', withId('9007199254740993')),
  invalid('an id of 257 characters', withId(`"${'i'.repeat(257)}"`)),
  invalid('an id of 30,000 characters', withId(`"${'i'.repeat(30_000)}"`)),
  {
    title: 'an id that is text stays text',
    send: (scene) => post(scene, withId('"1"')),
    status: 200,
    trace: { type: 'CallCompleted' },
    forwards: 1,
    shown: ['"id":"1"'],
  },
];

const encodings: readonly Attack[] = [
  malformed('a byte order mark', around([0xef, 0xbb, 0xbf], whole)),
  malformed('UTF-16, little endian', Buffer.from(whole, 'utf16le')),
  malformed(
    'UTF-16 with a byte order mark',
    Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(whole, 'utf16le')]),
  ),
  malformed('UTF-16, big endian', Buffer.from(whole, 'utf16le').swap16()),
  malformed('an overlong quote (C0 A2)', inText([0xc0, 0xa2])),
  malformed('an overlong slash of three bytes', inText([0xe0, 0x80, 0xaf])),
  malformed('an overlong NUL (C0 80)', inText([0xc0, 0x80])),
  malformed('a surrogate in UTF-8 (CESU-8)', inText([0xed, 0xa0, 0x80])),
  malformed('a code point above U+10FFFF', inText([0xf4, 0x90, 0x80, 0x80])),
  malformed('a lone continuation byte', inText([0x80])),
  malformed('Latin-1', inText([0xe9])),
  malformed('a raw NUL in a text', inText([0x00])),
  malformed('a raw line feed in a text', inText([0x0a])),
  malformed('a raw escape character in a text', inText([0x1b])),
  malformed('a lone high surrogate', withArguments('{"a":"\\ud800"}')),
  malformed('a lone low surrogate', withArguments('{"a":"\\udc00"}')),
  malformed('surrogates in the wrong order', withArguments('{"a":"\\udc00\\ud800"}')),
  malformed('a lone surrogate in a key', withArguments('{"\\ud83d":1}')),
  malformed('a NUL between tokens', around([], whole.slice(0, -1), [0x00, 0x7d])),
  malformed('a no-break space between tokens', whole.replace('{"jsonrpc"', '{\u00a0"jsonrpc"')),
  malformed('a vertical tab between tokens', whole.replace('{"jsonrpc"', '{\u000b"jsonrpc"')),
];

const texts: readonly Attack[] = [
  malformed('trailing data: a second request', whole + whole),
  malformed('trailing data: a closing brace', `${whole}}`),
  malformed('trailing data: NUL', `${whole}\0`),
  malformed('two requests in two lines', `${whole}\n${whole}`),
  malformed('a comment', whole.replace('{', '{/* */')),
  malformed('a trailing comma', withArguments('{"a":1,}')),
  malformed('single quotes', withArguments("{'a':1}")),
  malformed('a key without quotes', withArguments('{a:1}')),
  malformed('a text that does not end', whole.slice(0, -5)),
  malformed('an unknown escape', withArguments('{"a":"\\x41"}')),
  malformed('an escape that is cut', withArguments('{"a":"\\u00"}')),
  malformed('an XSSI prefix', `)]}'\n${whole}`),
  malformed('XML', `<?xml version="1.0"?><methodCall>${CANARY.argument}</methodCall>`),
  malformed('a form', `method=tools/call&secret=${CANARY.argument}`),
  malformed('nothing but white space', ' \n '),
  malformed('nesting of 65 levels', withArguments(nested(63))),
  malformed('nesting of 5,000 levels', withArguments(nested(5_000))),
  malformed('nesting of 30,000 open lists', `${'['.repeat(30_000)}`),
  malformed('an object of 10,001 members', wide(10_001)),
  invalid('a text instead of an object', canary),
  invalid('a number instead of an object', '1'),
  invalid('jsonrpc 1.0', whole.replace('2.0', '1.0')),
  invalid('jsonrpc as a number', whole.replace('"2.0"', '2.0')),
  invalid('no jsonrpc', '{"id":1,"method":"tools/call","params":{"name":"read"}}'),
  invalid('a method that is a number', '{"jsonrpc":"2.0","id":1,"method":1}'),
  invalid('a method of 129 characters', `{"jsonrpc":"2.0","id":1,"method":"${'m'.repeat(129)}"}`),
  invalid('a method with a line feed', '{"jsonrpc":"2.0","id":1,"method":"tools/call\\n"}'),
  invalid('a method with a Cyrillic letter', '{"jsonrpc":"2.0","id":1,"method":"t\u043eols/call"}'),
  badParams('params that are a list', withParams('["read"]')),
  badParams('params that are a text', withParams('"read"')),
  badParams('arguments that are a list', withParams('{"name":"read","arguments":["a"]}')),
  badParams('arguments that are a text', withParams(`{"name":"read","arguments":${canary}}`)),
  badParams('arguments of null', withParams('{"name":"read","arguments":null}')),
  badParams('a name that is a list', withParams('{"name":["read"]}')),
  badParams('a name that is empty', withParams('{"name":""}')),
  badParams('_meta that is a list', withParams('{"name":"read","_meta":[]}')),
];

export const parserDifferentials: AttackClass = {
  number: 1,
  title: 'parser differentials',
  rule: 'what two readers could read differently is refused, and policy sees the very bytes that are forwarded',
  attacks: [...duplicates, ...folded, ...objects, ...numbers, ...ids, ...encodings, ...texts],
};
