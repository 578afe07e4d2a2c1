import { ArrayMaxSize, IsArray, IsIn, IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import type { EvidenceQuery } from '#core/evidence/evidence-query.js';
import { IsInstantOrDay } from '#http/is-instant.js';
import type { Disclosed } from '../evidence/pack-sources.js';

export class EvidenceBody {
  @IsOptional() @IsString() @MaxLength(140) call?: string;
  @IsOptional() @IsString() @MaxLength(200) principal?: string;
  @IsOptional() @IsString() @MaxLength(200) agent?: string;
  @IsOptional() @IsString() @MaxLength(200) method?: string;
  @IsOptional() @IsString() @MaxLength(200) server?: string;
  @IsOptional() @IsString() @MaxLength(200) tool?: string;
  @IsOptional() @Matches(/^(allow|deny|approval)$/) decision?: string;
  @IsOptional() @IsString() @MaxLength(200) rule?: string;
  @IsOptional() @IsInstantOrDay() from?: string;
  @IsOptional() @IsInstantOrDay() to?: string;
  /** Payloads to open in the pack. */
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(2)
  @IsIn(['requests', 'results'], { each: true })
  disclose?: Disclosed[];
}

/** What was asked for, without what was not, and times in the form of entries so that they can be compared as text. */
export const queryOf = ({ disclose: _, from, to, ...rest }: EvidenceBody): EvidenceQuery =>
  Object.fromEntries(
    Object.entries({ ...rest, from: inEntryForm(from), to: inEntryForm(to) }).filter(
      ([, value]) => value !== undefined,
    ),
  );

const inEntryForm = (time: string | undefined): string | undefined =>
  time === undefined ? undefined : new Date(time).toISOString();
