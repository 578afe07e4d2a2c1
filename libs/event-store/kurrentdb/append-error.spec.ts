import { describe, expect, it } from 'vitest';
import { StoreUnavailable, UnknownOutcome, WrongRevision } from '../event-store.js';
import { appendError } from './append-error.js';

const clientError = (type: string, message = '', more: object = {}): Error =>
  Object.assign(new Error(message), { type, ...more });

describe('appendError', () => {
  it('gives the actual revision of a wrong one, -1 for no stream', () => {
    const wrong = (actualState: bigint | string): Error =>
      appendError(clientError('wrong-expected-version', '', { actualState }), 's', 4, true);
    expect(wrong(7n)).toMatchObject({ name: 'WrongRevision', expected: 4, actual: 7 });
    expect(wrong('no_stream')).toBeInstanceOf(WrongRevision);
    expect(wrong('no_stream')).toMatchObject({ actual: -1 });
  });

  it.each([
    [
      'a refused connection',
      'unavailable',
      '14 UNAVAILABLE: No connection established. Last error: ECONNREFUSED',
    ],
    ['no member of the cluster', 'unavailable', 'Failed to discover after 10 attempts.'],
    ['a server that starts', 'unknown', 'Could not recognize Server Is Not Ready'],
    ['no permission', 'access-denied', ''],
    ['a tombstoned stream', 'stream-deleted', ''],
  ])('knows that nothing was written after %s', (_, type, message) => {
    expect(appendError(clientError(type, message), 's', -1, false)).toBeInstanceOf(StoreUnavailable);
  });

  it.each([
    ['a broken connection', 'unavailable', '14 UNAVAILABLE: Connection dropped'],
    ['a commit timeout of the server', 'deadline-exceeded', ''],
    ['a cancelled call', 'cancelled', ''],
    ['an answer nobody knows', 'unknown', 'Could not recognize something new'],
  ])('leaves the outcome unknown after %s', (_, type, message) => {
    expect(appendError(clientError(type, message), 's', -1, true)).toBeInstanceOf(UnknownOutcome);
  });

  it('takes "not leader" for certain only when no other append shared the call', () => {
    expect(appendError(clientError('not-leader'), 's', -1, true)).toBeInstanceOf(StoreUnavailable);
    expect(appendError(clientError('not-leader'), 's', -1, false)).toBeInstanceOf(UnknownOutcome);
  });

  it('leaves the outcome unknown after what is not even an error', () => {
    expect(appendError('?', 's', -1, true)).toBeInstanceOf(UnknownOutcome);
  });
});
