import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { CountersignError } from '#core/errors.js';
import type { CallItem, CallSearch } from '../projection/call-filter.js';
import { exportCalls } from './export-calls.js';

const item = (n: number, changes: Partial<CallItem> = {}): CallItem => ({
  n,
  id: `id-${n}`,
  time: '2026-11-22T12:00:00.000Z',
  principal: 'ana',
  client: 'c',
  agent: null,
  session: 'id-1',
  method: 'tools/call',
  server: 's',
  tool: 't',
  effect: 'read',
  decision: 'allow',
  rules: ['R-1', 'R-2'],
  policyDigest: null,
  outcome: 'completed',
  masked: { PAN: 1, US_SSN: 2 },
  ...changes,
});

/** A read model of so many calls that counts what is asked of it. */
const model = (calls: number) => {
  const asked: (number | undefined)[] = [];
  const list = async ({ after = 0, limit }: CallSearch) => {
    asked.push(after);
    const numbers = Array.from({ length: Math.min(limit, calls - after) }, (_, at) => after + at + 1);
    const last = numbers.at(-1) ?? after;
    return { items: numbers.map((n) => item(n)), next: last < calls ? last : null };
  };
  return { asked, list };
};
const SEARCH: CallSearch = { filter: {}, order: 'oldest', limit: 100 };

const textOf = async (lines: AsyncIterable<string>): Promise<string> => {
  let text = '';
  for await (const line of lines) text += line;
  return text;
};

describe('an export', () => {
  it('has each call on a line of JSON, and at its end how many there are', async () => {
    const text = await textOf(exportCalls({ format: 'jsonl', search: SEARCH, list: model(250).list }));
    const lines = text.trimEnd().split('\n');
    expect(lines.slice(0, -1).map((line) => (JSON.parse(line) as CallItem).n)).toEqual(
      Array.from({ length: 250 }, (_, at) => at + 1),
    );
    expect(lines.at(-1)).toBe('{"end":true,"calls":250}');
  });

  it('goes on behind the call it was cut at', async () => {
    const search = { ...SEARCH, after: 249 };
    const text = await textOf(exportCalls({ format: 'csv', search, list: model(250).list }));
    expect(text.split('\r\n')).toEqual([
      'n,time,id,principal,client,agent,session,method,server,tool,effect,decision,rules,policyDigest,outcome,masked,approvalId',
      '250,2026-11-22T12:00:00.000Z,id-250,ana,c,,id-1,tools/call,s,t,read,allow,R-1 R-2,,completed,PAN:1 US_SSN:2,',
      '#end,1',
      '',
    ]);
  });

  it('of no call says so', async () => {
    const list = async () => ({ items: [], next: null });
    expect(await textOf(exportCalls({ format: 'jsonl', search: SEARCH, list }))).toBe(
      '{"end":true,"calls":0}\n',
    );
  });

  it('reads no further than its reader takes it', async () => {
    const { asked, list } = model(1_000_000);
    const stream = Readable.from(exportCalls({ format: 'jsonl', search: SEARCH, list }), {
      objectMode: false,
    });
    const reader = stream[Symbol.asyncIterator]();
    await reader.next();
    await new Promise((resolve) => setTimeout(resolve, 100));
    const pages = asked.length;
    expect(pages).toBeLessThan(10);
    for (let n = 0; n < 10; n++) await reader.next();
    expect(asked.length).toBeLessThan(pages + 10);
    stream.destroy();
  });

  it('of transcripts lists a call whose payload cannot be opened, with the reason, and hides no other failure', async () => {
    const transcript = async (id: string): Promise<object> => {
      if (id === 'id-2') throw new CountersignError('masking_unavailable');
      return { id, request: {} };
    };
    const lines = exportCalls({ format: 'jsonl', search: SEARCH, list: model(3).list, transcript });
    const items = (await textOf(lines))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(items[0]).toEqual({ n: 1, id: 'id-1', request: {} });
    expect(items[1]).toMatchObject({ n: 2, id: 'id-2', error: 'masking_unavailable' });
    const broken = exportCalls({
      format: 'jsonl',
      search: SEARCH,
      list: model(3).list,
      transcript: () => Promise.reject(new Error('bug')),
    });
    await expect(textOf(broken)).rejects.toThrow('bug');
  });
});
