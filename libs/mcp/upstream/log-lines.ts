import { StringDecoder } from 'node:string_decoder';
import { redactText } from './redact-text.js';

const LINE_MAX = 4_096;
/** Lines of one child that are shown in a second; the rest is counted. */
export const LINES_PER_SECOND_MAX = 50;

export interface LineLog {
  line(bytes: Uint8Array): void;
  chunk(bytes: Uint8Array): void;
}

/** Text of a stranger for the operator's eyes: bounded, redacted, and without characters that could forge log lines. */
export const cleanText = (text: string, length_max = LINE_MAX): string =>
  redactText(
    text
      .slice(0, length_max)
      .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
      .trim(),
  );

/** Lines of a child for the operator's log. A child that writes too many is cut short, and the count of them is told. */
export const logLines = (onLog: ((line: string) => void) | undefined): LineLog => {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let window = 0;
  let shown = 0;
  let dropped = 0;
  const show = (text: string): void => {
    const second = Math.floor(performance.now() / 1_000);
    if (second !== window) {
      window = second;
      shown = 0;
      if (dropped > 0) onLog?.(`(${dropped} lines were dropped)`);
      dropped = 0;
    }
    if (shown >= LINES_PER_SECOND_MAX) {
      dropped++;
      return;
    }
    const clean = cleanText(text);
    if (clean === '') return;
    shown++;
    onLog?.(clean);
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
