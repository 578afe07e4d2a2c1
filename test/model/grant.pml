/*
 * Calls under the grant of one approval: each is counted in the stream of the approval before it is stored in its own. Three
 * calls for two uses, the first of them sent twice, as a message may come twice, to two ledgers; somebody revokes; the time
 * of the grant ends.
 *
 *   model                      code
 *   Ledger                     apps/ledger/ledger.ts: append; grant-uses.ts: take; libs/core/approval/decide-grant.ts
 *   Revoker                    apps/approval/revocation.ts
 */

#define USES 2
#define CALLS 3

/* ---- what is durable ---- */
byte at = 0;            /* number of events in the stream of the approval */
byte used = 0;          /* GrantUsed */
byte uses[CALLS];       /* of them, by call */
bool revoked = false;
bool stored[CALLS];     /* CallRequested ... ForwardIntended */
byte forwards = 0;

/* ---- the world ---- */
bool over = false;      /* the recorded clock has reached the end of the grant */

inline take() {
  atomic {
    if
#ifndef MISTAKE_EACH_TIME_A_USE
    :: uses[call] > 0 -> goto store               /* from an append that failed behind its use, or the same one twice */
#endif
#ifndef MISTAKE_REVOCATION_UNCHECKED
    :: revoked -> goto done
#endif
#ifndef MISTAKE_TIME_UNCHECKED
    :: built_over -> goto done
#endif
    :: used >= USES -> goto done
    :: else -> seen = at
    fi
  };
  atomic {
    if
#ifdef MISTAKE_USES_UNORDERED
    :: true ->
#else
    :: at == seen ->
#endif
       assert(!revoked && !built_over);
       at++; used++; uses[call]++;
       assert(used <= USES);
       assert(uses[call] == 1)
#ifndef MISTAKE_USES_UNORDERED
    :: else -> goto again
#endif
    fi
  }
}

inline put() {
  if
  :: true -> goto done                            /* a crash: the use is lost, and nothing has run */
  :: true -> skip
  fi;
  atomic {
    if
    :: !stored[call] -> stored[call] = true; forwards++; assert(forwards <= USES)
    :: else -> skip
    fi
  }
}

proctype Ledger(byte call) {
  byte seen; bool built_over;

  built_over = over;                              /* the time that the ingress wrote into the entry */
again:
#ifdef MISTAKE_COUNTED_LATER
  if :: used < USES && !revoked && !built_over -> skip :: else -> goto done fi;
store:
  put();
  take();
#else
  take();
store:
  put();
#endif
done:
  skip
}

proctype Revoker() {
  byte seen;

again:
  seen = at;
  atomic { if :: at == seen -> revoked = true; at++ :: else -> goto again fi }
}

init {
  atomic {
    run Ledger(0); run Ledger(0); run Ledger(1); run Ledger(2);
    run Revoker()
  };
  over = true
}

/* What has run was counted before. */
ltl counted_first { [] (forwards <= used) }
