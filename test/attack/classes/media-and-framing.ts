import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { type Attack, type AttackClass, completed, refused } from '../attack.js';
import { CANARY, REQUEST_BYTES_MAX } from '../scene.js';
import { bytes, type Headers, post } from '../wire.js';

const body = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'read', arguments: { a: CANARY.argument } },
});
const bomb = Buffer.alloc(8 * 1024 * 1024, 0x20);

const media = (title: string, headers: Headers, sent: string | Uint8Array = body): Attack => ({
  title,
  send: (scene) => post(scene, sent, { headers }),
  status: 415,
  code: 'media_type_refused',
  trace: refused('media_type_refused'),
});

const harmless = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'read' } });
const head = (...lines: readonly string[]): readonly string[] => [
  'POST /mcp/old HTTP/1.1',
  'Host: {host}',
  'Authorization: {authorization}',
  `X-Canary: ${CANARY.header}`,
  'Accept: application/json, text/event-stream',
  'Content-Type: application/json',
  ...lines,
];
const length = (text: string): string => `Content-Length: ${Buffer.byteLength(text)}`;

/** Heads that the HTTP parser itself refuses: two readers could see two requests. */
const smuggled = (title: string, lines: readonly string[], sent = body): Attack => ({
  title,
  send: (scene) => bytes(scene, lines, sent),
  status: 400,
  code: 'http_malformed',
  trace: refused('http_malformed'),
});
const chunked = `${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n0\r\n\r\n`;
const hidden = `POST /mcp/old HTTP/1.1\r\nHost: x\r\n\r\n`;

export const mediaAndFraming: AttackClass = {
  number: 3,
  title: 'media types, compression, HTTP framing',
  rule: 'one request has one body, in plain JSON, whose end everybody sees at the same place',
  attacks: [
    media('no Content-Type', { 'content-type': undefined }),
    media('text/plain, which needs no preflight', { 'content-type': 'text/plain' }),
    media('a form', { 'content-type': 'application/x-www-form-urlencoded' }),
    media('multipart', { 'content-type': 'multipart/form-data; boundary=x' }),
    media('XML', { 'content-type': 'application/xml' }),
    media('a media type that only begins like JSON', { 'content-type': 'application/jsonp' }),
    media('a media type that ends with +json', { 'content-type': 'application/vnd.api+json' }),
    media('two media types in one header', { 'content-type': 'text/plain, application/json' }),
    media('JSON as a parameter', { 'content-type': 'text/plain; x=application/json' }),
    media('JSON in UTF-16 by its charset', { 'content-type': 'application/json; charset=utf-16' }),
    media('an empty Content-Type', { 'content-type': ' ' }),
    media('two charsets', { 'content-type': 'application/json; charset=utf-8; charset=utf-16' }),
    media('an Accept that takes no JSON', { accept: 'text/html' }),
    media('a gzip bomb', { 'content-encoding': 'gzip' }, gzipSync(bomb)),
    media('a brotli bomb', { 'content-encoding': 'br' }, brotliCompressSync(bomb)),
    media('a deflate bomb', { 'content-encoding': 'deflate' }, deflateSync(bomb)),
    media('a zstd bomb', { 'content-encoding': 'zstd' }, zstdCompressSync(bomb)),
    media('a small request in gzip', { 'content-encoding': 'gzip' }, gzipSync(body)),
    media('gzip in gzip', { 'content-encoding': 'gzip, gzip' }, gzipSync(gzipSync(body))),
    media('an encoding in capitals', { 'content-encoding': 'GZIP' }, gzipSync(body)),
    media('an encoding that is said and not there', { 'content-encoding': 'gzip' }),
    media('an unknown encoding', { 'content-encoding': 'x-secret' }),
    {
      title: 'gzip without a word about it',
      send: (scene) => post(scene, gzipSync(body)),
      status: 400,
      code: 'json_malformed',
      trace: refused('json_malformed'),
    },
    {
      title: 'a body over the limit, with its length',
      send: (scene) => post(scene, ' '.repeat(REQUEST_BYTES_MAX) + body),
      status: 413,
      code: 'body_too_large',
      trace: refused('body_too_large'),
    },
    {
      title: 'a body over the limit, in chunks',
      send: (scene) => {
        const big = ' '.repeat(REQUEST_BYTES_MAX + 1);
        return bytes(
          scene,
          head('Transfer-Encoding: chunked', 'Connection: close'),
          `${big.length.toString(16)}\r\n${big}\r\n0\r\n\r\n`,
        );
      },
      status: 413,
      code: 'body_too_large',
      trace: refused('body_too_large'),
    },
    smuggled(
      'Content-Length and Transfer-Encoding (CL.TE)',
      head(length(body), 'Transfer-Encoding: chunked'),
      chunked,
    ),
    smuggled(
      'Transfer-Encoding and Content-Length (TE.CL)',
      head('Transfer-Encoding: chunked', length(body)),
      chunked,
    ),
    smuggled('two different Content-Lengths', head(length(body), 'Content-Length: 5')),
    smuggled('the same Content-Length twice', head(length(body), length(body))),
    smuggled('two lengths in one header', head('Content-Length: 5, 5')),
    smuggled('a negative Content-Length', head('Content-Length: -1')),
    smuggled('a Content-Length with a plus', head(`Content-Length: +${Buffer.byteLength(body)}`)),
    smuggled('a hexadecimal Content-Length', head('Content-Length: 0x10')),
    smuggled('a Content-Length beyond 2^64', head('Content-Length: 18446744073709551617')),
    smuggled(
      'a blank before the colon (Transfer-Encoding :)',
      head('Transfer-Encoding : chunked', length(body)),
    ),
    smuggled('a chunked coding that is not the last', head('Transfer-Encoding: chunked, identity'), chunked),
    smuggled('an unknown transfer coding', head('Transfer-Encoding: xchunked'), chunked),
    smuggled(
      'two Transfer-Encodings',
      head('Transfer-Encoding: chunked', 'Transfer-Encoding: identity'),
      chunked,
    ),
    smuggled(
      'a chunk with a malformed size',
      head('Transfer-Encoding: chunked'),
      `zz\r\n${body}\r\n0\r\n\r\n`,
    ),
    smuggled('a chunk size with a sign', head('Transfer-Encoding: chunked'), `-1\r\n${body}\r\n0\r\n\r\n`),
    smuggled(
      'a chunk that is longer than it says',
      head('Transfer-Encoding: chunked'),
      `5\r\n${body}\r\n0\r\n\r\n`,
    ),
    smuggled('a folded header (obs-fold)', head('X-Folded: a', ' b', length(body))),
    smuggled('a line feed alone in the head', head('X-A: a\nX-B: b', length(body))),
    smuggled('a carriage return alone in a value', head('X-A: a\rb', length(body))),
    smuggled('a NUL in a value', head('X-A: a\0b', length(body))),
    smuggled('a header without a name', head(': x', length(body))),
    smuggled('a header name with a blank', head('X A: b', length(body))),
    smuggled('HTTP/9.9', ['POST /mcp/old HTTP/9.9', 'Host: {host}', length(body)]),
    smuggled('HTTP/2 without encryption', ['PRI * HTTP/2.0', ''], 'SM\r\n\r\n'),
    smuggled('a method with a line feed', ['PO\nST /mcp/old HTTP/1.1', 'Host: {host}', length(body)]),
    smuggled('a target with a blank', ['POST /mcp/old extra HTTP/1.1', 'Host: {host}', length(body)]),
    smuggled('TLS at the plain port', ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'], ''),
    {
      ...smuggled('a head of 40,000 characters', head(`X-Long: ${'x'.repeat(40_000)}`, length(body))),
      status: 431,
    },
    {
      title: 'a second request behind a body that is longer than its length',
      send: (scene) => bytes(scene, head(length(harmless)), harmless + hidden),
      status: 200,
      trace: completed,
      forwards: 1,
      // The bytes behind the body are a request of their own, without a token and with a foreign host.
      also: (_scene, outcome) => {
        const { statuses = [] } = outcome as { readonly statuses?: readonly number[] };
        if (statuses.filter((status) => status === 200).length !== 1)
          throw new Error(`answers: ${statuses.join(' ')}`);
      },
    },
    {
      title: 'a target in absolute form that names another host',
      send: (scene) =>
        bytes(
          scene,
          ['POST http://evil.example/mcp/old HTTP/1.1', ...head(length(body), 'Connection: close').slice(1)],
          body,
        ),
      status: 403,
      code: 'origin_refused',
      trace: refused('origin_refused'),
    },
  ],
};
