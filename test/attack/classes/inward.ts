import type { ServerResponse } from 'node:http';
import {
  type Attack,
  type AttackClass,
  completed,
  denied,
  failed,
  refused,
  type Trace,
  unknown,
} from '../attack.js';
import { json, resultFor } from '../recording-server.js';
import { CANARY, type Scene } from '../scene.js';
import { call, legacy } from '../wire.js';

const METADATA = 'http://169.254.169.254/latest/meta-data/';
const untouched = ({ inside }: Scene): void => {
  if (inside.text() !== '') throw new Error(`the inside was reached: ${inside.text().slice(0, 200)}`);
};

/** The server sends the gateway elsewhere, after the request was sent. */
const sent = (
  title: string,
  answer: (response: ServerResponse, to: string) => void,
  code: string,
  trace: Trace,
): Attack => ({
  title,
  before: async (scene) => {
    await call(scene, 'read');
    scene.old.next((_request, response) => answer(response, scene.inside.url));
  },
  send: (scene) => call(scene, 'read'),
  status: 200,
  code,
  trace,
  forwards: 1,
  also: untouched,
});
const redirect = (status: number): Attack =>
  sent(
    `a redirect (${status}) inward`,
    (response, to) => void response.writeHead(status, { location: to }).end(),
    status > 306 ? 'upstream_unavailable' : 'outcome_unknown',
    status > 306 ? failed('upstream_unavailable') : unknown('http_status'),
  );
const read = (title: string, uri: string, code = 'call_denied'): Attack => ({
  title: `a resource ${title}`,
  send: (scene) => legacy(scene, 'resources/read', { uri }),
  status: code === 'params_invalid' ? 400 : 200,
  code,
  trace: code === 'params_invalid' ? refused(code) : denied(code),
  also: untouched,
});

export const inward: AttackClass = {
  number: 15,
  title: 'server-side request forgery',
  rule: 'the gateway goes only where its operator has sent it, and follows nobody',
  attacks: [
    {
      title: 'a server whose address is that of the cloud\u2019s metadata',
      send: (scene) => call(scene, 'read', { a: CANARY.argument }, { endpoint: 'mcp/inward' }),
      status: 200,
      code: 'upstream_unavailable',
      trace: denied('upstream_unavailable'),
      also: untouched,
    },
    {
      title: 'a server that redirects at once',
      send: (scene) => call(scene, 'read', { a: CANARY.argument }, { endpoint: 'mcp/onward' }),
      status: 200,
      code: 'upstream_unavailable',
      trace: denied('upstream_unavailable'),
      also: untouched,
    },
    ...[301, 302, 303, 307, 308].map(redirect),
    sent(
      'a challenge that names metadata inside (RFC 9728)',
      (response, to) =>
        void response.writeHead(401, { 'www-authenticate': `Bearer resource_metadata="${to}"` }).end(),
      'upstream_unavailable',
      failed('upstream_unavailable'),
    ),
    sent(
      'a refresh header',
      (response, to) =>
        void response.writeHead(200, { refresh: `0; url=${to}`, 'content-type': 'text/html' }).end(),
      'outcome_unknown',
      unknown('invalid_answer'),
    ),
    {
      title: 'a result that links inward',
      before: ({ old, inside }) =>
        old.next((request, response) =>
          json(
            response,
            resultFor(request, {
              content: [
                { type: 'resource_link', name: 'x', uri: inside.url },
                { type: 'text', text: `![x](${inside.url}) ${METADATA}` },
              ],
              icons: [{ src: inside.url }],
            }),
            { link: `<${inside.url}>; rel=preload`, 'alt-svc': 'h2="127.0.0.1:1"' },
          ),
        ),
      send: (scene) => call(scene, 'read'),
      status: 200,
      trace: completed,
      forwards: 1,
      also: untouched,
    },
    {
      title: 'an argument that is an address inside is an argument',
      send: (scene) => call(scene, 'read', { url: scene.inside.url, callback: METADATA }),
      status: 200,
      trace: completed,
      forwards: 1,
      also: untouched,
    },
    read('of the metadata service', METADATA),
    read('of this machine', 'http://127.0.0.1/x'),
    read('of this machine in IPv6', 'http://[::1]/x'),
    read('of this machine, mapped into IPv6', 'http://[::ffff:7f00:1]/x'),
    read('of this machine as one number', 'http://2130706433/x'),
    read('of a file', 'file:///proc/self/environ'),
    read('of gopher', 'gopher://127.0.0.1:6379/_INFO'),
    read('with a host hidden behind escapes', 'http://%31%32%37.0.0.1/x', 'params_invalid'),
  ],
};
