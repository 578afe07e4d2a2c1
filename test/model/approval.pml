/*
 * The life of one approval: who may write what, in which order, and what a crash leaves behind. One held call and its
 * approval, two replicas of the ingress that serve the identical call, voters, the timer of the approval service, a
 * requester who takes the request back, a policy that changes, a clock that passes the expiry.
 *
 * A step between two semicolons is atomic; everything else interleaves. The event store gives exactly one guarantee: an
 * append is stored whole if the stream is at the expected revision, and not at all otherwise. The ledger's handler runs
 * inside whoever asks, so there are as many ledgers as askers; an answer may be lost although the append was stored.
 *
 * Each mistake that is compiled in by -DMISTAKE_... must be found; model.spec.ts checks that it is.
 *
 *   model                      code
 *   Ingress                    apps/ingress/call/await-approval.ts, release.ts, record.ts
 *   forward()                  apps/ledger/ledger.ts: append, checkApproval
 *   close_call()               apps/approval/close-call.ts
 *   Voter                      libs/core/approval/decide-approval.ts: decideVote; libs/bus/decide-on-stream.ts
 *   Timer                      apps/approval/expiry.ts; follow-log.ts for calls whose approval was never asked for
 *   withdraw()                 apps/approval/bus/approval.bus.ts, http/approval.http.ts
 */

#define QUORUM 2
#define REQUESTER 1

/* Bits of humans, as the identity provider names them; an account belongs to one of them. */
#define ACCOUNTS 4
#define HUMAN(account) (account == 0 -> 2 : (account == 1 -> 4 : (account == 2 -> 4 : REQUESTER)))

mtype = { none, held, forwarded, closed };
mtype = { pending, granted, denied, expired, withdrawn };

/* ---- what is durable ---- */
mtype call = none;      byte call_at = 0;        /* number of events in the stream of the call */
mtype approval = none;  byte approval_at = 0;
byte humans = 0;        /* who has approved */
byte counted = 0;       /* how many votes the decider counts */
byte intents = 0;       /* ForwardIntended */

/* ---- the world ---- */
bool late = false;      /* the recorded clock has reached the expiry */
bool other_policy = false;
byte sent = 0;          /* requests at the upstream */

inline append_call(expected, to) {
  /* libs/event-store: expected revision */
  if
#ifdef MISTAKE_NO_REVISION
  :: true ->
#else
  :: call_at == expected ->
#endif
     assert(call != closed && call != forwarded);   /* the first end stands */
     call = to; call_at++; ok = true
#ifndef MISTAKE_NO_REVISION
  :: else -> ok = false
#endif
  fi
}

inline end_approval(expected, to) {
  if
  :: approval_at == expected ->
     assert(approval == pending || (approval == granted && to != denied));   /* first writer wins */
     approval = to; approval_at++; ok = true
  :: else -> ok = false
  fi
}

/* Ends the held call, whoever else writes to it; `ran` when it was forwarded first. */
inline close_call() {
  do
  :: atomic { at = call_at; seen_call = call };
     if
     :: seen_call != held -> ran = (seen_call == forwarded); break
     :: else ->
        atomic {
          append_call(at, closed);
#ifdef MISTAKE_CLOSED_ONCE
          ran = false; break
#else
          if :: ok -> ran = false; break :: else -> skip fi
#endif
        }
     fi
  od
}

/* The requester's side takes the request back: the call first, so that nothing runs under a withdrawn approval. */
inline withdraw() {
  atomic { seen = approval };
  if
  :: seen == pending || seen == granted ->
#ifdef MISTAKE_WITHDRAW_FIRST
     ran = false;
#else
     close_call();
#endif
     if
     :: ran -> skip
     :: !ran -> goto done                                         /* a crash: the timer ends the approval */
     :: !ran ->
        do
        :: atomic { seen = approval; at = approval_at };
           if
           :: seen == pending || seen == granted ->
              atomic { end_approval(at, withdrawn); if :: ok -> break :: else -> skip fi }
           :: else -> break
           fi
        od;
#ifdef MISTAKE_WITHDRAW_FIRST
        close_call()
#else
        skip
#endif
     fi
  :: else -> skip
  fi
}

/* The ledger's handler of the append that elects: it reads the approval, then appends; never both at once. */
inline forward() {
  atomic {
    seen = approval;
    ok = (call_at == at && call == held);
#ifndef MISTAKE_APPROVAL_UNCHECKED
    ok = ok && seen == granted;
#endif
#ifndef MISTAKE_EXPIRY_UNCHECKED
    ok = ok && !built_late;
#endif
  };
  if
  :: ok ->
    atomic {
      append_call(at, forwarded);
      if
      :: ok ->
         intents++;
         /* At this moment, whatever happened before it: */
         assert(intents == 1);
         assert(approval == granted);
         assert((humans & REQUESTER) == 0);
         assert(((humans >> 1) & 1) + ((humans >> 2) & 1) >= QUORUM);
         assert(!built_late);
         assert(!decided_other)
      :: else -> skip
      fi
    }
  :: else -> skip
  fi
}

/* One request for the call. The second one is the identical call, at another replica. */
proctype Ingress(bool first) {
  byte at; mtype seen; mtype seen_call; bool ok; bool ran; bool built_late; bool decided_other;

  if
  :: first ->
     atomic {
       append_call(0, held);
       if
       :: true -> goto done                        /* a crash: CallHeld is on disk, and nobody has been asked */
       :: true -> skip
       fi
     };
     /* approval.request: idempotent; it may come after the call was ended again */
     atomic { if :: approval == none -> approval = pending; approval_at = 1 :: else -> skip fi }
  :: else ->
     /* approval.find, then CallRepeated behind what was read; a call that waits no more is not repeated but made anew */
     end: (approval != none);
repeat:
     atomic { at = call_at; if :: call != held -> goto done :: else -> skip fi };
     atomic { append_call(at, held); if :: ok -> skip :: else -> goto repeat fi }
  fi;

  /* waitForGrant */
wait:
  if
  :: approval == granted -> skip
  :: approval != granted && approval != pending -> goto done      /* told why */
  :: true -> goto done                                            /* the hold is over: pending, come back later */
#ifdef HASTY
  :: true -> skip                                                 /* it does not wait: the ledger must not rely on it */
#endif
  :: true -> withdraw(); goto done                                /* the caller cancels, or closes its stream */
  fi;

  /* release: decide again, then read the call, then one append */
release:
  atomic { decided_other = other_policy };
  atomic {
    built_late = late; at = call_at;
    if :: call != held -> goto done :: else -> skip fi
  };
#ifndef MISTAKE_DIGEST_UNCHECKED
  atomic {
    if
    :: decided_other -> append_call(at, closed);                  /* approval_stale */
       if :: ok -> goto done :: else -> goto release fi
    :: else -> skip
    fi
  };
#endif
  forward();
  atomic {
    if
    :: ok ->
       if
       :: true -> goto done                       /* a crash, or a lost answer: the intent is on disk and never sent again */
       :: true -> sent++; assert(sent <= intents)
       fi
    :: else ->
#ifdef MISTAKE_SENT_WITHOUT_RECEIPT
       sent++; assert(sent <= intents);
#endif
       if
       :: call == held && approval == granted && !built_late -> goto release
       :: else -> skip
       fi
    fi
  };
done:
  atomic { at = 0; seen = none; seen_call = none; ok = false; ran = false; built_late = false; decided_other = false }
}

proctype Voter(byte account; bool may_deny) {
  byte at; byte votes;

  end: (approval != none);
again:
  atomic {
    if
    :: approval != pending -> goto done
    :: late -> goto done
#ifndef MISTAKE_SELF_APPROVAL
    :: HUMAN(account) == REQUESTER -> goto done
#endif
#ifndef MISTAKE_ONE_HUMAN_TWICE
    :: (humans & HUMAN(account)) != 0 -> goto done
#endif
    :: else -> at = approval_at; votes = counted
    fi
  };
  atomic {
    if
#ifdef MISTAKE_VOTE_UNORDERED
    :: true ->
#else
    :: approval_at == at ->
#endif
       assert(approval == pending);                               /* first writer wins */
       approval_at++;
       if
       :: may_deny -> approval = denied
       :: true ->
          humans = humans | HUMAN(account);
          counted = votes + 1;
          approval = (counted >= QUORUM -> granted : pending)
       fi
#ifndef MISTAKE_VOTE_UNORDERED
    :: else -> goto again
#endif
    fi
  };
done:
  atomic { at = 0; votes = 0 }
}

/* Its job may come twice, or late, or after a crash in the middle: it always begins with what is on disk. */
proctype Timer() {
  byte at; mtype seen; mtype seen_call; bool ok; bool ran;

  end: (late && call != none);
again:
  atomic { seen = approval; at = approval_at };
  if
  :: seen == none ->
#ifdef MISTAKE_UNASKED_FORGOTTEN
     skip
#else
     close_call();
     /* An approval that is asked for after all expires as any other. */
     end_unasked: (approval != none); goto again
#endif
#ifdef MISTAKE_ENDED_CALL_UNWATCHED
  :: seen != none && call == closed -> skip
#endif
  :: seen == pending ->
     atomic { end_approval(at, expired) };
     goto again                                                   /* for the call; also after a crash, or a lost race */
  :: seen == granted ->
#ifdef MISTAKE_EXPIRE_FIRST
     ran = false;
#else
     close_call();
#endif
     if
     :: ran -> skip                                               /* used */
     :: else -> atomic { end_approval(at, expired) }; goto again
     fi
  :: else -> close_call()
  fi;
  atomic { at = 0; seen = none; seen_call = none; ok = false; ran = false }
}

init {
  atomic {
    run Ingress(true); run Ingress(false);
    run Voter(0, false); run Voter(1, true);
#ifndef SMALL
    run Voter(2, false);
#endif
#ifdef WITH_REQUESTER_VOTING
    run Voter(3, false);
#endif
    run Timer();
  };
  if :: other_policy = true :: true -> skip fi;
  late = true
}

/* No approval says that it ended without use when its call ran. */
ltl used_is_used { [] (intents == 0 || approval == granted) }
/* A held call ends, and so does its approval, whatever crashed. */
ltl held_ends { [] (call == held -> <> (call == closed || call == forwarded)) }
ltl approval_ends { [] (approval == pending -> <> (approval != pending)) }
