import { describe, expect, it } from 'vitest';
import { InputError } from './command.js';
import { problemText } from './problem-text.js';

const systemError = (code: string, more: object = {}): Error =>
  Object.assign(new Error(`${code}: failed`), { code, ...more });

describe('what a person reads when a command cannot go on', () => {
  it('names the port that is in use and the option to choose another', () => {
    const text = problemText(systemError('EADDRINUSE', { address: '127.0.0.1', port: 8080 }));
    expect(text).toContain('127.0.0.1:8080 is in use');
    expect(text).toContain('--port');
  });

  it('tells how to go on when another instance uses the data folder', () => {
    const text = problemText(new Error('x/events.db: another process is writing to this event store'));
    expect(text).toContain('x/events.db');
    expect(text).toContain('--data DIR');
  });

  it('keeps messages that say it all', () => {
    expect(problemText(new InputError('file.yaml: cannot be read.'))).toBe('file.yaml: cannot be read.');
  });

  it('never shows a stack trace', () => {
    expect(problemText(new TypeError('unexpected'))).toBe('unexpected');
  });
});
