import { Type } from 'class-transformer';
import { IsInt, IsISO8601, IsOptional, IsString, Matches, Max, MaxLength, Min } from 'class-validator';

export class CallsQuery {
  @IsOptional() @IsString() @MaxLength(200) principal?: string;
  @IsOptional() @IsString() @MaxLength(200) method?: string;
  @IsOptional() @IsString() @MaxLength(200) server?: string;
  @IsOptional() @IsString() @MaxLength(200) tool?: string;
  @IsOptional() @Matches(/^(allow|deny|approval)$/) decision?: string;
  @IsOptional() @IsISO8601() from?: string;
  @IsOptional() @IsISO8601() to?: string;
  @IsOptional() @Matches(/^\d{1,15}$/) cursor?: string;
  @IsOptional() @Type(() => Number) @IsInt() @Min(1) @Max(500) limit: number = 50;
}

export class EventsQuery {
  @IsOptional() @Matches(/^\d{1,20}$/) after?: string;
  @IsOptional() @Type(() => Number) @IsInt() @Min(1) @Max(1_000) limit: number = 100;
}
