import { CountersignError } from '#core/errors.js';

/** So many streams at once, of all together and of each. */
export interface StreamLimit {
  /** Answers what gives the place back. @throws CountersignError busy */
  take(who: string): () => void;
}

export const createStreamLimit = (max: { readonly all: number; readonly each: number }): StreamLimit => {
  const taken = new Map<string, number>();
  let all = 0;
  return {
    take: (who) => {
      const own = taken.get(who) ?? 0;
      if (own >= max.each || all >= max.all)
        throw new CountersignError('busy', `at most ${max.each} live lists each, ${max.all} in all`);
      taken.set(who, own + 1);
      all += 1;
      let given = false;
      return () => {
        if (given) return;
        given = true;
        all -= 1;
        const left = (taken.get(who) ?? 1) - 1;
        if (left === 0) taken.delete(who);
        else taken.set(who, left);
      };
    },
  };
};
