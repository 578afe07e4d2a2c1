import { ValidationPipe } from '@nestjs/common';
import { Type } from 'class-transformer';
import {
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { IsInstantOrDay } from '#http/is-instant.js';

const CURSOR = /^\d{1,15}$/;

export class CallFilters {
  @IsOptional() @IsString() @MaxLength(200) principal?: string;
  @IsOptional() @IsString() @MaxLength(200) client?: string;
  @IsOptional() @IsString() @MaxLength(200) agent?: string;
  @IsOptional() @IsString() @MaxLength(200) session?: string;
  @IsOptional() @IsString() @MaxLength(200) method?: string;
  @IsOptional() @IsString() @MaxLength(200) server?: string;
  @IsOptional() @IsString() @MaxLength(200) tool?: string;
  @IsOptional() @IsIn(['read', 'write']) effect?: string;
  @IsOptional() @IsString() @MaxLength(200) rule?: string;
  @IsOptional() @Matches(/^(allow|deny|approval)$/) decision?: string;
  @IsOptional() @Matches(/^sha256:[0-9a-f]{64}$/) policyDigest?: string;
  @IsOptional() @IsString() @MaxLength(100) outcome?: string;
  /** A kind of data that was masked in the result: US_SSN, PAN, ... */
  @IsOptional() @IsString() @MaxLength(100) masked?: string;
  @IsOptional() @IsString() @MaxLength(200) approvalId?: string;
  @IsOptional() @IsInstantOrDay() from?: string;
  @IsOptional() @IsInstantOrDay() to?: string;
}

export class SearchBody {
  @IsOptional() @IsObject() @ValidateNested() @Type(() => CallFilters) filters: CallFilters = {};
  /** A value of an argument or of a result. In a body only: addresses end up in logs. */
  @IsOptional() @IsString() @MaxLength(512) value?: string;
  /** The value of this field only. */
  @IsOptional() @IsString() @MaxLength(200) field?: string;
  @IsOptional() @IsIn(['oldest', 'newest']) order: 'oldest' | 'newest' = 'newest';
  @IsOptional() @Matches(CURSOR) cursor?: string;
  @IsOptional() @Type(() => Number) @IsInt() @Min(1) @Max(500) limit: number = 50;
}

export class ExportBody {
  @IsOptional() @IsObject() @ValidateNested() @Type(() => CallFilters) filters: CallFilters = {};
  @IsOptional() @IsString() @MaxLength(512) value?: string;
  @IsOptional() @IsString() @MaxLength(200) field?: string;
  @IsOptional() @IsIn(['jsonl', 'csv']) format: 'jsonl' | 'csv' = 'jsonl';
  /** `transcripts`: each line a whole transcript, JSONL only. */
  @IsOptional() @IsIn(['calls', 'transcripts']) include: 'calls' | 'transcripts' = 'calls';
  /** `n` of the last line received: goes on behind it. */
  @IsOptional() @Matches(CURSOR) cursor?: string;
}

export class SessionsQuery {
  @IsOptional() @IsString() @MaxLength(200) principal?: string;
  @IsOptional() @IsString() @MaxLength(200) client?: string;
  @IsOptional() @IsString() @MaxLength(200) agent?: string;
  @IsOptional() @IsInstantOrDay() from?: string;
  @IsOptional() @IsInstantOrDay() to?: string;
  @IsOptional() @Matches(CURSOR) cursor?: string;
  @IsOptional() @Type(() => Number) @IsInt() @Min(1) @Max(500) limit: number = 50;
}

const validation = new ValidationPipe({ transform: true, whitelist: true, forbidNonWhitelisted: true });

/** The query of `GET /ledger/calls`: every filter, cursor and limit; a value is refused there. @throws BadRequestException */
export const searchOfQuery = ({ cursor, limit, ...filters }: Record<string, unknown>): Promise<SearchBody> =>
  validation.transform(
    {
      filters,
      ...(cursor === undefined ? {} : { cursor }),
      ...(limit === undefined ? {} : { limit }),
    },
    { type: 'body', metatype: SearchBody },
  ) as Promise<SearchBody>;
