import { Type } from 'class-transformer';
import { IsIn, IsInt, IsISO8601, IsOptional, Max, Min } from 'class-validator';

export class ReportQuery {
  /** Within the period. */
  @IsOptional() @IsISO8601({ strict: true }) from?: string;
  /** No more within it. */
  @IsOptional() @IsISO8601({ strict: true }) to?: string;
  /** Default: what Accept prefers, else json. */
  @IsOptional() @IsIn(['json', 'csv']) format?: 'json' | 'csv';
  /** Rows at most; the answer says how many it left out. */
  @IsOptional() @Type(() => Number) @IsInt() @Min(1) @Max(10_000) limit: number = 1_000;
}
