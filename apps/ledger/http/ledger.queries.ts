import { Type } from 'class-transformer';
import { IsInt, IsOptional, Matches, Max, Min } from 'class-validator';

export class EventsQuery {
  @IsOptional() @Matches(/^\d{1,20}$/) after?: string;
  @IsOptional() @Type(() => Number) @IsInt() @Min(1) @Max(1_000) limit: number = 100;
}
