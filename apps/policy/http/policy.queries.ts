import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, Matches, Max, MaxLength, Min, MinLength } from 'class-validator';
import { PROPOSAL_STATUSES, type ProposalStatus } from '#core/policy/proposal/proposal.state.js';
import { PROPOSAL_BYTES_MAX } from '../proposals.js';

export class ProposalsQuery {
  @IsOptional() @IsIn(PROPOSAL_STATUSES) status?: ProposalStatus;
  @IsOptional() @Matches(/^\d{1,9}$/) cursor?: string;
  @IsOptional() @Type(() => Number) @IsInt() @Min(1) @Max(200) limit: number = 50;
}

export class ProposeBody {
  /** The text of the file. */
  @IsString() @MinLength(1) @MaxLength(PROPOSAL_BYTES_MAX) policy: string = '';
  /** Checked by the decider, so that a missing one gets its own stable code. */
  @IsOptional() @IsString() @MaxLength(2_000) reason?: string;
}

export class ProposalVoteBody {
  @IsOptional() @IsString() @MaxLength(2_000) reason?: string;
  /** Checked by the decider, as above. */
  @IsOptional() @IsString() @MaxLength(100) digest?: string;
}

export class ProposalWithdrawBody {
  @IsOptional() @IsString() @MaxLength(2_000) reason?: string;
}
