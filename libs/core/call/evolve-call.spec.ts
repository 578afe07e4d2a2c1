import { describe, expect, it } from 'vitest';
import type { CallEvent } from './call.events.js';
import { evolveCall, IllegalTransition, NO_CALL } from './evolve-call.js';

const event = (type: CallEvent['type'], data: object = {}): CallEvent =>
  ({ type, v: 1, data }) as unknown as CallEvent;
const requested = event('CallRequested');
const decided = (effect: string) => event('CallDecided', { decision: { effect } });
const intended = event('ForwardIntended', { instance: 'i-1' });
const intendedUnder = (approvalId: string | null) =>
  event('ForwardIntended', { instance: 'i-1', approvalId });
const underGrant = (approvalId: string | null) =>
  event('ForwardIntended', { instance: 'i-1', approvalId, grantKey: 'k' });
const held = event('CallHeld', { approvalId: 'a-1' });
const ended = (because: string) => event('HoldEnded', { approvalId: 'a-1', because });
const returned = event('CallReturned');
const masked = event('ResultMasked');
const completed = event('CallCompleted');
const given = (...events: CallEvent[]) => events.reduce(evolveCall, NO_CALL);

describe('a call', () => {
  it('that is allowed goes from request to release in one line', () => {
    expect(given(requested, decided('allow'), intended)).toMatchObject({
      kind: 'forwarding',
      instance: 'i-1',
    });
    expect(given(requested, decided('allow'), intended, returned, masked, completed)).toEqual({
      kind: 'ended',
    });
  });

  it('that runs under the grant of an approval is forwarded without a hold of its own', () => {
    expect(given(requested, decided('approval'), underGrant('a-1')).kind).toBe('forwarding');
    expect(() => given(requested, decided('approval'), intendedUnder('a-1'))).toThrow(IllegalTransition);
  });

  it('that is held is forwarded only after another decision', () => {
    expect(
      given(requested, decided('approval'), held, decided('approval'), ended('granted'), intendedUnder('a-1'))
        .kind,
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
    [
      'under no approval once it was held for one',
      [requested, decided('approval'), held, decided('approval'), ended('granted'), intendedUnder(null)],
    ],
    [
      'under another approval than it was held for',
      [requested, decided('approval'), held, decided('approval'), ended('granted'), intendedUnder('a-2')],
    ],
    [
      'because another approval was granted',
      [
        requested,
        decided('approval'),
        held,
        decided('approval'),
        event('HoldEnded', { approvalId: 'a-2', because: 'granted' }),
      ],
    ],
    [
      'under a grant and as a continuation at once',
      [event('CallRequested', { continues: 'c-1' }), decided('approval'), underGrant('a-1')],
    ],
    ['under a grant of no approval', [requested, decided('approval'), underGrant(null)]],
    ['under a grant where policy needs none', [requested, decided('allow'), underGrant('a-1')]],
    ['under a grant that policy denies', [requested, decided('deny'), underGrant('a-1')]],
    [
      'under a grant once it was held for its own approval',
      [requested, decided('approval'), held, decided('approval'), ended('granted'), underGrant('a-1')],
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

describe('a call that continues another', () => {
  const continuing = event('CallRequested', { continues: 'c-1' });
  const under = (approvalId: string | null) => event('ForwardIntended', { instance: 'i-1', approvalId });

  it('is forwarded under the approval of that call, or without one when policy allows it', () => {
    expect(given(continuing, decided('approval'), under('a-1')).kind).toBe('forwarding');
    expect(given(continuing, decided('allow'), under(null)).kind).toBe('forwarding');
  });

  it.each([
    ['names no approval', [continuing, decided('approval'), under(null)]],
    ['is denied', [continuing, decided('deny'), under('a-1')]],
    ['continues nothing', [requested, decided('approval'), under('a-1')]],
    [
      'waits for an approval of its own',
      [continuing, decided('approval'), held, decided('approval'), under('a-1')],
    ],
  ])('is not forwarded when it %s', (_, events) => {
    expect(() => given(...events)).toThrow(IllegalTransition);
  });

  it('may be held for an approval of its own', () => {
    expect(given(continuing, decided('approval'), held).kind).toBe('held');
  });

  it('continues once, and only a call that ended by asking for input', () => {
    const until = (outcome: string) => [
      requested,
      decided('allow'),
      intended,
      returned,
      masked,
      event('CallCompleted', { outcome }),
    ];
    const continued = event('CallContinued', { by: 'c-2' });
    expect(given(...until('input_required'), continued)).toEqual({ kind: 'ended' });
    expect(() => given(...until('input_required'), continued, continued)).toThrow(IllegalTransition);
    expect(() => given(...until('result'), continued)).toThrow(IllegalTransition);
    expect(() => given(...until('task'), continued)).toThrow(IllegalTransition);
    expect(() => given(requested, decided('allow'), intended, continued)).toThrow(IllegalTransition);
  });
});

describe('a question of the upstream', () => {
  const asks = (question: number) => event('InputRequested', { question });
  const answers = (question: number) => event('InputAnswered', { question });
  const forwarded = [requested, decided('allow'), intended];

  it('leaves the call forwarded, asked and answered in any order', () => {
    expect(given(...forwarded, asks(1), asks(2), answers(1))).toEqual({
      kind: 'forwarding',
      instance: 'i-1',
      asked: 2,
      open: [2],
    });
    const events = [...forwarded, asks(1), asks(2), answers(2), answers(1), returned, masked, completed];
    expect(given(...events).kind).toBe('ended');
  });

  it('may stay without an answer', () => {
    expect(given(...forwarded, asks(1), event('CallOutcomeUnknown')).kind).toBe('ended');
  });

  it.each([
    ['before the call is forwarded', [requested, decided('allow'), asks(1)]],
    ['behind its result', [...forwarded, returned, asks(1)]],
    ['under the number of another', [...forwarded, asks(1), asks(1)]],
    ['out of order', [...forwarded, asks(2)]],
  ])('is not asked %s', (_, events) => {
    expect(() => given(...events)).toThrow(IllegalTransition);
  });

  it.each([
    ['before it is asked', [...forwarded, answers(1)]],
    ['twice', [...forwarded, asks(1), answers(1), answers(1)]],
    ['after the result', [...forwarded, asks(1), returned, answers(1)]],
  ])('is not answered %s', (_, events) => {
    expect(() => given(...events)).toThrow(IllegalTransition);
  });
});
