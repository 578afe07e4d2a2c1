import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, Matches, Max, MaxLength, Min } from 'class-validator';
import { APPROVAL_STATUSES, type ApprovalStatus } from '#core/approval/approval.events.js';

export class ApprovalsQuery {
  @IsOptional() @IsIn(APPROVAL_STATUSES) status?: ApprovalStatus;
  /** Those that were granted by break-glass and that nobody has reviewed yet. */
  @IsOptional() @IsIn(['due']) review?: 'due';
  @IsOptional() @Matches(/^\d{1,9}$/) cursor?: string;
  @IsOptional() @Type(() => Number) @IsInt() @Min(1) @Max(200) limit: number = 50;
}

export class VoteBody {
  @IsOptional() @IsString() @MaxLength(2_000) reason?: string;
  /** Checked by the decider, so that a missing digest gets its own stable code. */
  @IsOptional() @IsString() @MaxLength(100) digest?: string;
  /** Vote for somebody else. */
  @IsOptional() @IsString() @MaxLength(100) delegation?: string;
}

export class WithdrawBody {
  @IsOptional() @IsString() @MaxLength(500) reason?: string;
}

export class BreakGlassBody {
  @IsOptional() @IsString() @MaxLength(2_000) reason?: string;
  @IsOptional() @IsString() @MaxLength(100) digest?: string;
}

export class ReviewBody {
  @IsIn(['justified', 'not_justified']) verdict!: 'justified' | 'not_justified';
  @IsOptional() @IsString() @MaxLength(2_000) reason?: string;
}
