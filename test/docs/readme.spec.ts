import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTree } from '../tidy/source-file.js';
import { runnableBlocks } from './fences.js';
import { type ServedInstance, serveInstance } from './served-instance.js';

const pages = readTree()
  .filter(({ path }) => path === 'README.md' || /^docs\/[^/]+\.md$/.test(path))
  .map(({ path, text }) => ({ path, blocks: runnableBlocks(text) }))
  .filter(({ blocks }) => blocks.length > 0);

describe('a page', () => {
  it('has its runnable blocks and what they show found, and other fences left alone', () => {
    const page =
      '# x\n```sh\nnpm start\n```\n\n```sh run\necho a\n```\nprints\n```text shows\na\n```\n```sh run\necho b\n```\n';
    expect(runnableBlocks(page)).toEqual([
      { line: 6, commands: 'echo a\n', shows: ['a'] },
      { line: 13, commands: 'echo b\n', shows: [] },
    ]);
  });

  it('the README has commands to run', () => {
    expect(pages.map(({ path }) => path)).toContain('README.md');
  });
});

describe('the commands of the documentation run against a real instance', () => {
  let instance: ServedInstance | undefined;
  beforeAll(async () => {
    instance = await serveInstance();
  }, 90_000);
  afterAll(() => instance?.stop());

  describe.each(pages)('$path', ({ path, blocks }) => {
    it('each block ends well and shows what the page says', { timeout: 120_000 }, async () => {
      const outputs = (await instance?.run(blocks.map(({ commands }) => commands))) ?? [];
      expect(outputs).toHaveLength(blocks.length);
      const missing = blocks.flatMap(({ line, shows }, index) =>
        shows
          .filter((text) => !outputs[index]?.includes(text))
          .map((text) => `${path}:${line} does not show: ${text}\n${outputs[index]}`),
      );
      expect(missing).toEqual([]);
    });
  });
});
