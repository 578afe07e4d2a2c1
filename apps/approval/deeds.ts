import { Inject, Injectable } from '@nestjs/common';
import type { Listed } from '#core/approval/listed.js';
import type { RestCaller } from '#http/rest-caller.js';
import type { Act, Door } from './acts.js';
import { Emergency } from './emergency.js';
import { Voting } from './voting.js';

export interface Deed {
  readonly approvalId: string;
  readonly act: Act;
  /** The one that was shown. */
  readonly digest: string | undefined;
  readonly reason: string | undefined;
  readonly where: Door;
}

/** What people do where they are shown buttons, each the same way as over HTTP. */
@Injectable()
export class Deeds {
  constructor(
    @Inject(Voting) private readonly voting: Voting,
    @Inject(Emergency) private readonly emergency: Emergency,
  ) {}

  /** @throws CountersignError of `Voting.vote`, `Emergency.breakGlass` and `Emergency.review` */
  do(caller: RestCaller, { approvalId, act, digest, reason, where }: Deed): Promise<Listed> {
    switch (act) {
      case 'break-glass':
        return this.emergency.breakGlass(caller, approvalId, { digest, reason, where });
      case 'justified':
      case 'not_justified':
        return this.emergency.review(caller, approvalId, { verdict: act, reason, where });
      default:
        return this.voting.vote(caller, { approvalId, vote: act, digest, reason, where });
    }
  }
}
