import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { Digest } from '#core/hash.js';
import { EventStreams } from './event-streams.js';

const ALICE: Digest = `sha256:${'a'.repeat(64)}`;
const BOB: Digest = `sha256:${'b'.repeat(64)}`;
const frame = (n: number): Uint8Array => Buffer.from(JSON.stringify({ n }));
const idOf = (event: Uint8Array): string => /^id: (.*)$/m.exec(Buffer.from(event).toString())?.[1] ?? '';

/** What a connection was sent; the rest of a response is of no interest here. */
const connection = () => {
  const sent: string[] = [];
  let ended = false;
  const response = {
    destroyed: false,
    writeHead: () => response,
    flushHeaders: () => undefined,
    write: (chunk: Uint8Array) => sent.push(Buffer.from(chunk).toString()),
    end: () => {
      ended = true;
    },
  };
  const messages = (): readonly unknown[] =>
    sent.flatMap((event) => [...event.matchAll(/^data: (.+)$/gm)].map(([, data]) => JSON.parse(data ?? '')));
  return { response: response as unknown as ServerResponse, messages, isEnded: () => ended };
};

describe('a response stream that was cut', () => {
  it('begins with an id and no data, so that there is something to resume from', () => {
    const opened = Buffer.from(new EventStreams().create(ALICE).open()).toString();
    expect(opened).toMatch(/^id: \S+\nretry: \d+\ndata: \n\n$/);
  });

  it('goes on behind the last event seen, with what comes later, to its end', () => {
    const streams = new EventStreams();
    const stream = streams.create(ALICE);
    stream.open();
    const seen = stream.add(frame(1));
    stream.add(frame(2));
    const { response, messages, isEnded } = connection();
    streams.resume(ALICE, idOf(seen), response);
    stream.add(frame(3));
    expect([messages(), isEnded()]).toEqual([[{ n: 2 }, { n: 3 }], false]);
    stream.end();
    expect(isEnded()).toBe(true);
  });

  it('is there after its end, for a client that was away', () => {
    const streams = new EventStreams();
    const stream = streams.create(ALICE);
    const opened = stream.open();
    stream.add(frame(1));
    stream.end();
    const { response, messages, isEnded } = connection();
    streams.resume(ALICE, idOf(opened), response);
    expect([messages(), isEnded()]).toEqual([[{ n: 1 }], true]);
  });

  it.each(['', 'x', '00000000-0000-0000-0000-000000000000_0', 'listen_1'])('is not found as %j', (id) => {
    const { response } = connection();
    expect(() => new EventStreams().resume(ALICE, id, response)).toThrow(
      expect.objectContaining({ code: 'not_found' }),
    );
  });

  it('is not found by anybody else', () => {
    const streams = new EventStreams();
    const opened = streams.create(ALICE).open();
    const { response } = connection();
    expect(() => streams.resume(BOB, idOf(opened), response)).toThrow(
      expect.objectContaining({ code: 'not_found' }),
    );
  });
});
