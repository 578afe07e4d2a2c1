import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readEntry } from '#core/evidence/read-entry.js';
import { sha256 } from '#sealing/sha256.js';
import { makeAuthority } from './authority.fixture.js';
import { allEvents, type LogScene, openScene } from './log.fixture.js';
import { imprintOf, timeStampRequest, tokenIn } from './rfc3161.js';
import { nextStamp } from './stamping.js';

let scene: LogScene;
let server: Server;
let url: string;
let isAway = false;
let openssl: Awaited<ReturnType<typeof makeAuthority>>;
const file = (name: string) => join(scene.folder, name);

/** What `openssl ts` answers to a request. */
const reply = async (query: Uint8Array): Promise<Buffer> => {
  await writeFile(file('query.tsq'), query);
  await openssl('ts -reply -config tsa.cnf -queryfile query.tsq -out reply.tsr');
  return readFile(file('reply.tsr'));
};

beforeAll(async () => {
  scene = await openScene();
  openssl = await makeAuthority(scene.folder);
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    if (isAway) return void response.writeHead(503).end();
    response.end(await reply(Buffer.concat(chunks)));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(async () => {
  server.close();
  await scene.close();
});

describe('time stamps of an authority', () => {
  it('are recorded with a token that openssl verifies against the text of the checkpoint, and no other', async () => {
    await scene.record(5);
    const log = scene.open({ timestamp_authority: { url, every_s: 3_600 } });
    const stamped = await vi.waitFor(async () => {
      const found = (await allEvents(scene.store())).find(({ type }) => type === 'CheckpointTimestamped');
      expect(found).toBeDefined();
      return found as NonNullable<typeof found>;
    }, 30_000);
    const { data, payload } = readEntry(stamped.entry);
    const token = stamped.attachment ?? new Uint8Array();
    expect(payload).toEqual({ commit: sha256(token), bytes: token.length });
    const text = log.checkpoints.text({
      size: Number(data['size']),
      root: Buffer.from(String(data['root']), 'base64'),
    });
    expect(data['imprint']).toBe(imprintOf(Buffer.from(text)).toString('hex'));
    await writeFile(file('token.der'), token);
    const verify = async (content: string) => {
      await writeFile(file('checkpoint.txt'), content);
      return openssl(
        'ts -verify -token_in -in token.der -data checkpoint.txt -CAfile tsa.pem -partial_chain',
      );
    };
    expect((await verify(text)).stdout + (await verify(text)).stderr).toContain('Verification: OK');
    await expect(verify(text.replace('\n5\n', '\n4\n'))).rejects.toThrow('message imprint mismatch');
  });

  it('of another imprint, of another request, refused or cut short are not taken', async () => {
    const imprint = imprintOf(Buffer.from('one'));
    const nonce = randomBytes(8);
    const answer = await reply(timeStampRequest(imprint, nonce));
    expect(tokenIn(answer, imprint, nonce).length).toBeGreaterThan(500);
    expect(() => tokenIn(answer, imprintOf(Buffer.from('two')), nonce)).toThrow('another imprint');
    expect(() => tokenIn(answer, imprint, randomBytes(8))).toThrow('another request');
    for (const length of [0, 1, 5, 100, answer.length - 1])
      expect(() => tokenIn(answer.subarray(0, length), imprint, nonce)).toThrow('not');
    const refused = await reply(timeStampRequest(imprint.subarray(0, 20), nonce));
    expect(() => tokenIn(refused, imprint.subarray(0, 20), nonce)).toThrow('not granted');
  });

  it('that an authority does not give hold up nothing', async () => {
    isAway = true;
    const log = scene.open({
      folder: file('another'),
      timestamp_authority: { url, every_s: 3_600 },
    });
    await scene.record(1);
    await vi.waitFor(() => expect(log.checkpoints.latest?.size).toBeGreaterThan(5), 30_000);
    expect(log.phase).toBe('running');
  });

  it.each([0, 1, 127, 128, 255])('ask with a nonce that begins with byte %i', async (first) => {
    isAway = false;
    const imprint = imprintOf(Buffer.from('one'));
    const nonce = Buffer.concat([Buffer.from([first]), randomBytes(7)]);
    expect(tokenIn(await reply(timeStampRequest(imprint, nonce)), imprint, nonce).length).toBeGreaterThan(0);
  });

  it('are due every so often, and when the day is over', () => {
    const evening = Date.UTC(2026, 10, 22, 23, 30);
    expect(nextStamp(evening, 600)).toBe(evening + 600_000);
    expect(nextStamp(evening, 3_600)).toBe(Date.UTC(2026, 10, 23));
    expect(nextStamp(Date.UTC(2026, 10, 23), 86_400)).toBe(Date.UTC(2026, 10, 24));
  });
});
