import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { beginPart, writePart } from './export-file.js';

let folder: string;
let files = 0;
const newFile = (): string => join(folder, `${files++}`);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-export-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** The body of an answer in pieces; with `cut` the connection breaks behind them, as fetch reports it. */
const answer = (pieces: readonly string[], cut = false): Response => {
  const left = pieces.map((piece) => Buffer.from(piece));
  return new Response(
    new ReadableStream({
      pull: (controller) => {
        const next = left.shift();
        if (next !== undefined) controller.enqueue(next);
        else if (cut) controller.error(new TypeError('terminated'));
        else controller.close();
      },
    }),
  );
};

describe('an export that was cut', () => {
  it('says so, keeps whole lines only, and goes on to the same file as one that was not', async () => {
    const file = newFile();
    const first = answer(['{"n":1,"tool":"ä"}\n{"n":', '2}\n{"n":3,"to'], true);
    expect(await writePart(first, { file, format: 'jsonl', isFirst: true })).toEqual({
      calls: 2,
      isWhole: false,
      cursor: '2',
    });
    expect(await readFile(file, 'utf8')).toBe('{"n":1,"tool":"ä"}\n{"n":2}\n');
    expect(await beginPart(file, 'jsonl')).toEqual({ cursor: '2' });
    const rest = answer(['{"n":3,"tool":"x"}\n{"end":true,"calls":1}\n']);
    expect((await writePart(rest, { file, format: 'jsonl', isFirst: false })).isWhole).toBe(true);
    expect(await readFile(file, 'utf8')).toBe(
      '{"n":1,"tool":"ä"}\n{"n":2}\n{"n":3,"tool":"x"}\n{"end":true,"calls":1}\n',
    );
    await expect(beginPart(file, 'jsonl')).rejects.toThrow('is whole');
  });

  it('that ends without its last line is not whole, although the connection ended well', async () => {
    const part = await writePart(answer(['{"n":1}\n']), { file: newFile(), format: 'jsonl', isFirst: true });
    expect(part).toMatchObject({ calls: 1, isWhole: false });
  });

  it('in CSV goes on behind a record with line breaks in a cell, without a second header', async () => {
    const file = newFile();
    const whole = 'n,agent\r\n1,"a\n""7,x""\r\nb"\r\n2,c\r\n';
    await writeFile(file, `${whole}3,"cut\n`);
    expect(await beginPart(file, 'csv')).toEqual({ cursor: '2' });
    expect(await readFile(file, 'utf8')).toBe(whole);
    await writePart(answer(['n,agent\r\n3,d\r\n#end,1\r\n']), { file, format: 'csv', isFirst: false });
    expect(await readFile(file, 'utf8')).toBe(`${whole}3,d\r\n#end,1\r\n`);
  });

  it('before its first call cannot go on', async () => {
    const file = newFile();
    await writeFile(file, 'n,agent\r\n');
    await expect(beginPart(file, 'csv')).rejects.toThrow('holds no call');
    await expect(beginPart(newFile(), 'csv')).rejects.toThrow('cannot be read');
  });
});
