import { IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import { IsInstantOrDay } from '#http/is-instant.js';

export class ReplayBody {
  @IsOptional() @IsString() @MaxLength(200) call?: string;
  @IsOptional() @IsInstantOrDay() from?: string;
  @IsOptional() @IsInstantOrDay() to?: string;
  /** Cursor: `next` or `position` of an earlier run over the same range. */
  @IsOptional() @Matches(/^\d{1,20}$/) after?: string;
  /** Text of a policy file: what would have been decided under it. */
  @IsOptional() @IsString() @MaxLength(1_000_000) with?: string;
}
