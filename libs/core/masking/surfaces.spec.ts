import { describe, expect, it } from 'vitest';
import { findingsOf, masked, maskedResult, maskedText, profileOf, textResult } from './masking.fixture.js';

const SSN = '523-96-8051';
const base64 = (text: string): string => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
const json = JSON.stringify;

describe('every surface of a result is masked by the same walker', () => {
  it.each([
    ['text', textResult(SSN)],
    ['text of an error', { ...textResult(SSN), isError: true }],
    ['JSON in text', textResult(json({ note: SSN }))],
    ['JSON in a JSON string in text', textResult(json({ payload: json({ deeper: json({ note: SSN }) }) }))],
    ['a JSON string as text', textResult(json(json({ note: SSN })))],
    ['structuredContent', { structuredContent: { a: [{ b: SSN }] } }],
    ['structuredContent that is a string', { structuredContent: SSN }],
    ['a key', { structuredContent: { [SSN]: 1 } }],
    ['an escaped key', `{"structuredContent":{"523\\u002d96\\u002d8051":1}}`],
    ['escapes', `{"structuredContent":"\\u0035\\u0032\\u0033-96-8051"}`],
    ['_meta', { content: [], _meta: { note: SSN } }],
    ['_meta of a block', { content: [{ type: 'text', text: 'x', _meta: { note: SSN } }] }],
    ['annotations', { content: [{ type: 'text', text: 'x', annotations: { note: SSN } }] }],
    [
      'text of an embedded resource',
      { content: [{ type: 'resource', resource: { uri: 'a:b', text: SSN } }] },
    ],
    [
      'uri of an embedded resource',
      { content: [{ type: 'resource', resource: { uri: `a:${SSN}`, text: '' } }] },
    ],
    ['resource_link uri', { content: [{ type: 'resource_link', uri: `crm://${SSN}`, name: 'x' }] }],
    ['resource_link name', { content: [{ type: 'resource_link', uri: 'a:b', name: SSN }] }],
    ['resource_link title', { content: [{ type: 'resource_link', uri: 'a:b', name: 'x', title: SSN }] }],
    [
      'resource_link description',
      { content: [{ type: 'resource_link', uri: 'a:b', name: 'x', description: SSN }] },
    ],
    ['resources/read', { contents: [{ uri: 'a:b', text: SSN }] }],
    ['prompts/get', { messages: [{ role: 'user', content: { type: 'text', text: SSN } }] }],
    ['tools/list description', { tools: [{ name: 'x', description: SSN, inputSchema: { default: SSN } }] }],
    ['completion', { completion: { values: [SSN] } }],
    ['a member nobody knows', { somethingNew: { deep: [SSN] } }],
    ['a block nobody knows', { content: [{ type: 'hologram', caption: SSN, more: { text: SSN } }] }],
    ['content that is no array', { content: SSN }],
    ['a nested tool result', { content: [{ type: 'tool_result', content: [{ type: 'text', text: SSN }] }] }],
    ['NDJSON', textResult(`{"a":1}\n{"a":"${SSN}"}\n`)],
    ['a code fence', textResult(`Rows:\n\`\`\`json\n[{"a":"${SSN}"}]\n\`\`\``)],
    ['JSON cut off', textResult(`[{"a":"x"},{"a":"${SSN}`)],
    ['a Python dictionary', textResult(`{'a': '${SSN}', 'b': None}`)],
    [
      'a data URI in base64',
      textResult(json({ a: { uri: 'a:b', mimeType: 'text/plain', blob: base64(SSN) } })),
    ],
  ])('%s', (_, body) => {
    const out = masked(body);
    expect(out).not.toContain(SSN);
    expect(out).not.toContain(base64(SSN));
    expect(() => JSON.parse(out)).not.toThrow();
    expect(findingsOf(body).some(({ kind }) => kind === 'US_SSN')).toBe(true);
  });

  it('masks the same value in content text and in structuredContent', () => {
    const row = { id: 7, full_name: 'Jane Doe', ssn: 523968051, note: `spoke to Jane Doe, ${SSN}` };
    const result = maskedResult({ ...textResult(json(row)), structuredContent: row }) as {
      content: { text: string }[];
      structuredContent: unknown;
    };
    expect(JSON.parse(result.content[0]?.text ?? '')).toEqual(result.structuredContent);
    expect(result.structuredContent).toEqual({
      id: 7,
      full_name: '[PERSON]',
      ssn: '[US_SSN]',
      note: 'spoke to [PERSON], [US_SSN]',
    });
  });

  it('masks message and data of an error', () => {
    const body = {
      code: -32000,
      message: `no customer ${SSN}`,
      data: { name: 'Jane Doe', tried: ['Jane Doe'] },
    };
    expect(JSON.parse(masked(body, 'error'))).toEqual({
      code: -32000,
      message: 'no customer [US_SSN]',
      data: { name: '[PERSON]', tried: ['[PERSON]'] },
    });
  });

  it('masks arguments', () => {
    expect(masked({ query: `ssn ${SSN}`, name: 'Jane' }, 'arguments')).toBe(
      '{"query":"ssn [US_SSN]","name":"[PERSON]"}',
    );
  });

  it('takes the key `name` of the protocol for a name of a thing', () => {
    const body = {
      tools: [
        {
          name: 'get_customer',
          title: 'Get customer',
          inputSchema: { type: 'object', properties: { name: { type: 'string' } } },
        },
      ],
      content: [{ type: 'resource_link', uri: 'a:b', name: 'Quarterly report' }],
      serverInfo: { name: 'crm', version: '1.2.3' },
    };
    expect(maskedResult(body)).toEqual(body);
  });
});

describe('tables in text', () => {
  it.each([
    [
      'id,full_name,ssn\n1,"Doe, Jane",523968051\n2,Bob,523968052\n\nend',
      'id,full_name,ssn\n1,"[PERSON]",[US_SSN]\n2,[PERSON],[US_SSN]\n\nend',
    ],
    ['id\tssn\r\n1\t523968051\r\n', 'id\tssn\r\n1\t[US_SSN]\r\n'],
    ['| name | ssn |\n|---|---|\n| Jane | 523968051 |', '| name | ssn |\n|---|---|\n| [PERSON] | [US_SSN] |'],
    ['2 rows:\nid;acct_no\n1;0123456789', '2 rows:\nid;acct_no\n1;[BANK_ACCOUNT]'],
  ])('%j', (before, after) => expect(maskedText(before)).toBe(after));
});

describe('a value given away by a key or label is masked wherever else it stands', () => {
  it('in notes, other texts and numbers', () => {
    const body = {
      ...textResult('Moved from 0012345678 to savings; Jane Doe agreed. JaneDoe did not.'),
      structuredContent: {
        account_number: '0012345678',
        full_name: 'Jane Doe',
        other: [12345678, 'Jane Doe'],
        loan: { account_number: 987654321 },
        x: 987654321,
      },
    };
    expect(maskedResult(body)).toEqual({
      ...textResult('Moved from [BANK_ACCOUNT] to savings; [PERSON] agreed. JaneDoe did not.'),
      structuredContent: {
        account_number: '[BANK_ACCOUNT]',
        full_name: '[PERSON]',
        other: [12345678, '[PERSON]'],
        loan: { account_number: '[BANK_ACCOUNT]' },
        x: '[BANK_ACCOUNT]',
      },
    });
  });

  it('also in a key, and in text before the place that gave it away', () => {
    expect(
      masked(
        { note: 'for 7000123456', byAccount: { '7000123456': 1 }, account_number: '7000123456' },
        'arguments',
      ),
    ).toBe(
      '{"note":"for [BANK_ACCOUNT]","byAccount":{"[BANK_ACCOUNT]":1},"account_number":"[BANK_ACCOUNT]"}',
    );
  });

  it('but not when it is shorter than six characters, or a placeholder', () => {
    expect(maskedText('{"name":"Bob"} Bob {"name":"Unknown"} Unknown')).toBe(
      '{"name":"[PERSON]"} Bob {"name":"[PERSON]"} Unknown',
    );
  });

  it('keeps words of the protocol that somebody bears as a name', () => {
    const body = {
      content: [
        { type: 'resource', resource: { uri: 'a:b', mimeType: 'text/plain', text: '{"name":"resource"}' } },
      ],
    };
    expect(masked(body)).toContain('"type":"resource","resource":{');
  });
});

describe('what cannot be scanned is blocked and stays valid MCP', () => {
  const image = { type: 'image', data: 'AAAA', mimeType: 'image/png' };
  const audio = { type: 'audio', data: 'AAAA', mimeType: 'audio/wav' };
  const pdf = { type: 'resource', resource: { uri: 'a:b', mimeType: 'application/pdf', blob: 'AAAA' } };
  const block = (what: string) => ({ type: 'text', text: `[BLOCKED: ${what}]` });

  it('replaces image, audio and binary blocks by text blocks', () => {
    const video = { type: 'video', data: 'AAAA', mimeType: 'video/mp4' };
    const notText = { type: 'resource', resource: { uri: 'a:b', mimeType: 'text/plain', blob: '/w==' } };
    expect(maskedResult({ content: [image, audio, pdf, video, notText] })).toEqual({
      content: [block('image'), block('audio'), block('binary'), block('binary'), block('binary')],
    });
  });

  it('turns blob contents of resources/read into text contents', () => {
    expect(maskedResult({ contents: [{ uri: 'a:b', mimeType: 'image/png', blob: 'AAAA' }] })).toEqual({
      contents: [{ uri: 'a:b', mimeType: 'text/plain', text: '[BLOCKED: image]' }],
    });
  });

  it('decodes, masks and encodes again a blob that is text', () => {
    const blob = (text: string) => ({
      content: [
        {
          type: 'resource',
          resource: { uri: 'a:b', mimeType: 'application/json; charset=utf-8', blob: base64(text) },
        },
      ],
    });
    expect(maskedResult(blob('{"ssn":523968051, "n":1.10}'))).toEqual(blob('{"ssn":"[US_SSN]", "n":1.10}'));
    expect(masked(blob('{"n":1.10}'))).toBe(json(blob('{"n":1.10}')));
  });

  it('keeps what the profile keeps, byte for byte, and still masks around it', () => {
    const keep = profileOf(['US_SSN'], { image: 'keep', binary: 'keep' });
    expect(maskedResult({ content: [{ ...image, _meta: { n: SSN } }, audio, pdf] }, keep)).toEqual({
      content: [{ ...image, _meta: { n: '[US_SSN]' } }, block('audio'), pdf],
    });
  });

  it('blocks pictures in the middle of data', () => {
    expect(maskedResult({ structuredContent: { photo: { mimeType: 'image/png', data: 'AAAA' } } })).toEqual({
      structuredContent: { photo: { mimeType: 'image/png', data: '[BLOCKED: image]' } },
    });
  });

  it('counts each block in the findings', () => {
    expect(findingsOf({ content: [image, pdf] })).toEqual([
      { pointer: '/content/0', kind: 'UNSCANNABLE', evidence: 'structure', count: 1 },
      { pointer: '/content/1', kind: 'UNSCANNABLE', evidence: 'structure', count: 1 },
    ]);
  });
});

describe('findings say where, what and why, and hold no value', () => {
  it('points into the body and into JSON inside text', () => {
    const body = textResult(json({ rows: [{ 'a/b': json({ ssn: 523968051 }) }] }));
    expect(findingsOf(body)).toEqual([
      { pointer: '/content/0/text', inner: '/rows/0/a~1b#/ssn', kind: 'US_SSN', evidence: 'key', count: 1 },
    ]);
  });

  it('numbers the JSON values of a text that holds several', () => {
    expect(findingsOf(textResult('{"ssn":1234}\n{"ssn":1234}')).map(({ inner }) => inner)).toEqual([
      '/ssn',
      '[1]/ssn',
    ]);
  });

  it('counts finds of one kind in one text together', () => {
    expect(findingsOf(textResult(`${SSN}, ${SSN} and a@b.co`))).toEqual([
      { pointer: '/content/0/text', kind: 'US_SSN', evidence: 'structure', count: 2 },
      { pointer: '/content/0/text', kind: 'EMAIL', evidence: 'structure', count: 1 },
    ]);
  });

  it('shows masked keys masked', () => {
    const findings = findingsOf({ structuredContent: { [SSN]: { email: 'a@b.co' }, '523-96-8052': 1 } });
    expect(findings.map(({ pointer }) => pointer)).toEqual([
      '/structuredContent/[US_SSN]',
      '/structuredContent/[US_SSN#2]',
      '/structuredContent/[US_SSN]/email',
    ]);
  });
});
