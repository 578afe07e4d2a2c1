import { IsOptional, IsString, MaxLength } from 'class-validator';

export class DisclosureBody {
  @IsString() @MaxLength(200) call!: string;
  /** Another entry of the call than what its upstream answered. */
  @IsOptional() @IsString() @MaxLength(200) event?: string;
  @IsString() @MaxLength(2_000) reason!: string;
}

export class DisclosureVoteBody {
  @IsOptional() @IsString() @MaxLength(2_000) reason?: string;
  /** Checked by the decider, so that a missing digest gets its own stable code. */
  @IsOptional() @IsString() @MaxLength(100) digest?: string;
}
