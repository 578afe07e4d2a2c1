import { describe, expect, it } from 'vitest';
import { type Check, verify } from './spin.js';

const MINUTE_MS = 60_000;
const of = (defines: readonly string[], property?: string): Check => ({
  model: 'approval.pml',
  defines,
  ...(property === undefined ? {} : { property }),
});
const grant = (defines: readonly string[], property?: string): Check => ({
  model: 'grant.pml',
  defines,
  ...(property === undefined ? {} : { property }),
});
const SAFE = 'assertion violated';
const ENDS = 'acceptance cycle';

describe('the model of the approval protocol', () => {
  it.each([
    ['runs once, by a quorum of others, in time, and is decided by the first', of([]), 1_000_000],
    ['also when an ingress does not wait', of(['SMALL', 'HASTY']), 100_000],
    ['a used approval never says that it ended otherwise', of(['SMALL'], 'used_is_used'), 100_000],
    ['a held call ends, whatever crashed', of(['SMALL'], 'held_ends'), 100_000],
    ['a pending approval ends, whatever crashed', of(['SMALL'], 'approval_ends'), 100_000],
    ['a grant is used as often as it says, and in its time', grant([]), 100_000],
    ['a call under a grant is counted before it runs', grant([], 'counted_first'), 100_000],
  ])(
    'holds in every state: %s',
    (_, check, statesAtLeast) => {
      const verdict = verify(check);
      expect(verdict).toMatchObject({ isExhaustive: true, errors: 0, error: '' });
      expect(verdict.states).toBeGreaterThan(statesAtLeast);
    },
    2 * MINUTE_MS,
  );

  it.each([
    ['appends without an expected revision', SAFE, of(['SMALL', 'MISTAKE_NO_REVISION'])],
    ['votes that do not see each other', SAFE, of(['SMALL', 'MISTAKE_VOTE_UNORDERED'])],
    ['a requester who approves', SAFE, of(['SMALL', 'WITH_REQUESTER_VOTING', 'MISTAKE_SELF_APPROVAL'])],
    ['a human who counts twice', SAFE, of(['MISTAKE_ONE_HUMAN_TWICE'])],
    ['a ledger that believes the ingress', SAFE, of(['SMALL', 'HASTY', 'MISTAKE_APPROVAL_UNCHECKED'])],
    ['an expiry that nobody looks at', SAFE, of(['SMALL', 'MISTAKE_EXPIRY_UNCHECKED'])],
    ['a policy that is not decided again', SAFE, of(['SMALL', 'MISTAKE_DIGEST_UNCHECKED'])],
    ['a withdrawal before its call is closed', SAFE, of(['SMALL', 'MISTAKE_WITHDRAW_FIRST'])],
    ['an expiry before its call is closed', SAFE, of(['SMALL', 'MISTAKE_EXPIRE_FIRST'])],
    ['sending without a receipt', SAFE, of(['SMALL', 'MISTAKE_SENT_WITHOUT_RECEIPT'])],
    ['a held call nobody was asked about', ENDS, of(['SMALL', 'MISTAKE_UNASKED_FORGOTTEN'], 'held_ends')],
    ['a call closed at one attempt', ENDS, of(['SMALL', 'MISTAKE_CLOSED_ONCE'], 'held_ends')],
    [
      'an approval left behind by its call',
      ENDS,
      of(['SMALL', 'MISTAKE_ENDED_CALL_UNWATCHED'], 'approval_ends'),
    ],
    ['uses that do not see each other', SAFE, grant(['MISTAKE_USES_UNORDERED'])],
    ['a use that is counted after its call', SAFE, grant(['MISTAKE_COUNTED_LATER'])],
    ['a call that uses a grant each time it comes', SAFE, grant(['MISTAKE_EACH_TIME_A_USE'])],
    ['a grant that was revoked', SAFE, grant(['MISTAKE_REVOCATION_UNCHECKED'])],
    ['a grant whose time is over', SAFE, grant(['MISTAKE_TIME_UNCHECKED'])],
  ])(
    'finds the mistake: %s',
    (_, error, check) => {
      const verdict = verify({ ...check, isShort: true });
      expect(verdict.errors).toBe(1);
      expect(verdict.error).toContain(error);
    },
    MINUTE_MS,
  );
});
