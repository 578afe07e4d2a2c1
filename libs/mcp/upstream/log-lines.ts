import { StringDecoder } from 'node:string_decoder';

const LINE_MAX = 4_096;

export interface LineLog {
  line(bytes: Uint8Array): void;
  chunk(bytes: Uint8Array): void;
}

/** Lines of a child for the operator's log: bounded, and without characters that could forge log lines. */
export const logLines = (onLog: ((line: string) => void) | undefined): LineLog => {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const show = (text: string): void => {
    const clean = text
      .slice(0, LINE_MAX)
      .replace(/\p{Cc}+/gu, ' ')
      .trim();
    if (clean !== '') onLog?.(clean);
  };
  return {
    line: (bytes) => show(Buffer.from(bytes.subarray(0, LINE_MAX)).toString('utf8')),
    chunk: (bytes) => {
      const lines = (rest + decoder.write(bytes)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) show(line);
      if (rest.length <= LINE_MAX) return;
      show(rest);
      rest = '';
    },
  };
};
