import { describe, expect, it } from 'vitest';
import { type Behaviour, sendJson, sendResult } from './http-server.fixture.js';
import { start } from './http-upstream.fixture.js';
import { unavailable } from './upstream-call.fixture.js';

describe('tools/list', () => {
  const list = (...pages: object[]): Behaviour => {
    let page = 0;
    return {
      first: ({ id, method }, res) => {
        if (method !== 'tools/list') return false;
        sendResult(res, id, pages[Math.min(page++, pages.length - 1)]);
        return true;
      },
    };
  };
  const tools = async (behaviour: Behaviour) => {
    const { upstream } = await start(behaviour, { items_max: 5 });
    return upstream.list('tools', new AbortController().signal);
  };

  it('unites all pages in their order', async () => {
    const pages = list({ tools: [{ name: 'b' }], nextCursor: 'x' }, { tools: [{ name: 'a' }] });
    expect((await tools(pages)).map(({ name }) => name)).toEqual(['b', 'a']);
  });

  it.each<[string, object[]]>([
    ['the same name on two pages', [{ tools: [{ name: 'a' }], nextCursor: 'x' }, { tools: [{ name: 'a' }] }]],
    ['a cursor that comes again', [{ tools: [], nextCursor: 'x' }]],
    ['a tool without name', [{ tools: [{}] }]],
    ['a tool that is not an object', [{ tools: ['a'] }]],
    ['no list', [{}]],
    ['a list that is not an array', [{ tools: {} }]],
    ['more tools than the limit', [{ tools: 'abcdef'.split('').map((name) => ({ name })) }]],
    ['a cursor that is not a string', [{ tools: [], nextCursor: 7 }]],
  ])('with %s is upstream_invalid', async (_, pages) => {
    await expect(tools(list(...pages))).rejects.toThrow(
      expect.objectContaining({ code: 'upstream_invalid' }),
    );
  });

  it('that is refused or breaks is upstream_unavailable', async () => {
    const refusing = (status: number): Behaviour => ({
      first: ({ id, method }, res) => {
        if (method !== 'tools/list') return false;
        sendJson(res, { jsonrpc: '2.0', id, error: { code: 1, message: 'no' } }, status);
        return true;
      },
    });
    await expect(tools(refusing(200))).rejects.toThrow(unavailable);
    await expect(tools(refusing(500))).rejects.toThrow(unavailable);
  });
});
