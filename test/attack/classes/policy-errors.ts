import { type Attack, type AttackClass, completed, denied, refused } from '../attack.js';
import type { Members } from '../recording-server.js';
import { CANARY } from '../scene.js';
import { call, modern, post } from '../wire.js';

const withArguments = (text: string): string =>
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"guarded","arguments":${text}}}`;

/** The policy denies `guarded` above 100, and allows `listed` for EU and CH only. */
const withArgs = (title: string, name: string, args: Members): Attack => ({
  title,
  send: (scene) => call(scene, name, { ...args, note: CANARY.argument }),
  status: 200,
  code: 'call_denied',
  trace: denied('call_denied'),
});
const guarded = (title: string, amount: unknown): Attack =>
  withArgs(`a limit on an amount that is ${title}`, 'guarded', amount === undefined ? {} : { amount });
const listed = (title: string, region: unknown): Attack =>
  withArgs(`a list of regions, given ${title}`, 'listed', region === undefined ? {} : { region });

export const policyErrors: AttackClass = {
  number: 17,
  title: 'policy that cannot tell',
  rule: 'a condition that cannot be answered never opens a door: denied, and recorded',
  attacks: [
    guarded('above it', 101),
    guarded('left out', undefined),
    guarded('null', null),
    guarded('a text', 'many'),
    guarded('an empty text', ''),
    guarded('a boolean', true),
    guarded('a list', [1]),
    guarded('an object', { valueOf: 1 }),
    guarded('a text above it', '101'),
    guarded('a text with an exponent', '1e3'),
    guarded('a text in hexadecimal', '0x1'),
    guarded('a text in Arabic digits', '\u0661'),
    guarded('a text with a blank', ' 1'),
    guarded('a text of 10,000 digits', '1'.repeat(10_000)),
    listed('another one', 'US'),
    listed('none', undefined),
    listed('a list with an allowed one', ['EU']),
    listed('an object', { toString: 'EU' }),
    listed('another case', 'eu'),
    listed('a Cyrillic letter', 'E\u0423'),
    listed('a blank behind it', 'EU '),
    {
      title: 'an amount within the limit runs, so that the rest means something',
      send: (scene) => call(scene, 'guarded', { amount: 100 }),
      status: 200,
      trace: completed,
      forwards: 1,
    },
    {
      ...withArgs('the limit in the modern era', 'guarded', {}),
      send: (scene) => modern(scene, 'tools/call', { name: 'guarded', arguments: { amount: 'x' } }),
    },
    {
      ...withArgs('the limit at the united endpoint', 'guarded', {}),
      send: (scene) => call(scene, 'old__guarded', { amount: 'x' }, { endpoint: 'mcp' }),
    },
    {
      title: 'arguments of 10,001 members, more than policy will read',
      send: (scene) =>
        post(
          scene,
          withArguments(`{${Array.from({ length: 10_001 }, (_, index) => `"k${index}":0`).join(',')}}`),
        ),
      status: 400,
      code: 'json_malformed',
      trace: refused('json_malformed'),
    },
    {
      ...withArgs('a person with 600 groups, none of them the right one', 'forbidden', {}),
      send: async (scene) => {
        const groups = Array.from({ length: 600 }, (_, index) => `G${index}`);
        return call(
          scene,
          'read',
          {},
          { headers: { authorization: `Bearer ${await scene.token('engineer', { groups })}` } },
        );
      },
    },
    {
      ...withArgs('a group whose name begins like an allowed one', 'read', {}),
      send: async (scene) =>
        call(
          scene,
          'read',
          {},
          {
            headers: {
              authorization: `Bearer ${await scene.token('engineer', { groups: ['BANK-DATA-ENG2', 'bank-data-eng', 'BANK-DATA-ENG '] })}`,
            },
          },
        ),
    },
  ],
};
