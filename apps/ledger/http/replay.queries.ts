import { IsISO8601, IsOptional, IsString, MaxLength } from 'class-validator';

export class ReplayBody {
  @IsOptional() @IsString() @MaxLength(200) call?: string;
  @IsOptional() @IsISO8601() from?: string;
  @IsOptional() @IsISO8601() to?: string;
  /** Text of a policy file: what would have been decided under it. */
  @IsOptional() @IsString() @MaxLength(1_000_000) with?: string;
}
