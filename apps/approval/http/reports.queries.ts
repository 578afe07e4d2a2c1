import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, Max, Min } from 'class-validator';
import { IsInstant } from '#http/is-instant.js';

export class ReportQuery {
  /** Within the period. */
  @IsOptional() @IsInstant() from?: string;
  /** No more within it. */
  @IsOptional() @IsInstant() to?: string;
  /** Default: what Accept prefers, else json. */
  @IsOptional() @IsIn(['json', 'csv']) format?: 'json' | 'csv';
  /** Rows at most; the answer says how many it left out. */
  @IsOptional() @Type(() => Number) @IsInt() @Min(1) @Max(10_000) limit: number = 1_000;
}
