import { describe, expect, it } from 'vitest';
import type { CallEvent } from './call.events.js';
import { evolveCall, IllegalTransition, NO_CALL } from './evolve-call.js';

const event = (type: CallEvent['type'], data: object = {}): CallEvent =>
  ({ type, v: 1, data }) as unknown as CallEvent;
const requested = event('CallRequested');
const decided = (effect: string) => event('CallDecided', { decision: { effect } });
const intended = event('ForwardIntended', { instance: 'i-1' });
const held = event('CallHeld', { approvalId: 'a-1' });
const ended = (because: string) => event('HoldEnded', { approvalId: 'a-1', because });
const returned = event('CallReturned');
const masked = event('ResultMasked');
const completed = event('CallCompleted');
const given = (...events: CallEvent[]) => events.reduce(evolveCall, NO_CALL);

describe('a call', () => {
  it('that is allowed goes from request to release in one line', () => {
    expect(given(requested, decided('allow'), intended)).toEqual({ kind: 'forwarding', instance: 'i-1' });
    expect(given(requested, decided('allow'), intended, returned, masked, completed)).toEqual({
      kind: 'ended',
    });
  });

  it('that is held is forwarded only after another decision', () => {
    expect(
      given(requested, decided('approval'), held, decided('approval'), ended('granted'), intended).kind,
    ).toBe('forwarding');
    expect(() => given(requested, decided('approval'), held, decided('approval'), intended)).toThrow(
      IllegalTransition,
    );
    expect(() => given(requested, decided('approval'), held, ended('granted'), intended)).toThrow(
      IllegalTransition,
    );
    expect(() => given(requested, decided('approval'), held, intended)).toThrow(IllegalTransition);
  });

  it.each([
    ['without a decision', [requested, intended]],
    ['after a denial by policy', [requested, decided('deny'), intended]],
    ['when policy asks for an approval nobody was asked for', [requested, decided('approval'), intended]],
    [
      'when policy changed to deny while it was held',
      [requested, decided('approval'), held, decided('deny'), ended('granted'), intended],
    ],
    [
      'when its approval was denied',
      [requested, decided('approval'), held, decided('approval'), ended('denied'), intended],
    ],
    ['a second time', [requested, decided('allow'), intended, intended]],
    [
      'after it was cancelled',
      [requested, decided('approval'), held, ended('cancelled'), event('CallCancelled'), decided('approval')],
    ],
    [
      'after its outcome was closed as unknown',
      [requested, decided('allow'), intended, event('CallOutcomeUnknown'), intended],
    ],
  ])('is never forwarded %s', (_, events) => {
    expect(() => given(...events)).toThrow(IllegalTransition);
  });

  it.each([['CallReturned'], ['CallFailed'], ['CallOutcomeUnknown']] as const)(
    'that was closed as unknown takes no late %s',
    (type) => {
      expect(() =>
        given(requested, decided('allow'), intended, event('CallOutcomeUnknown'), event(type)),
      ).toThrow(IllegalTransition);
    },
  );

  it('is not completed before its result is masked', () => {
    expect(() => given(requested, decided('allow'), intended, returned, completed)).toThrow(
      IllegalTransition,
    );
  });

  it('is requested once', () => {
    expect(() => given(requested, requested)).toThrow(IllegalTransition);
  });
});
