import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
  ValidateNested,
} from 'class-validator';
import { CATALOG_KINDS, type CatalogKind } from '#core/catalog/catalog.events.js';
import { ENTRY_STATES, type EntryState } from '#core/catalog/catalog.state.js';
import type { Digest } from '#core/hash.js';

const DIGEST = /^sha256:[0-9a-f]{64}$/;

export class CatalogQuery {
  @IsOptional() @IsString() @MaxLength(40) server?: string;
  /** `held`: everything that is listed and not pinned. */
  @IsOptional() @IsIn([...ENTRY_STATES, 'held']) state?: EntryState | 'held';
  @IsOptional() @Matches(/^\d{1,9}$/) cursor?: string;
  @IsOptional() @Type(() => Number) @IsInt() @Min(1) @Max(500) limit: number = 200;
}

export class EntryPath {
  @IsString() @MaxLength(40) server: string = '';
  @IsIn(CATALOG_KINDS) kind: CatalogKind = 'tools';
  @IsString() @MinLength(1) @MaxLength(1_024) name: string = '';
}

export class ApproveBody {
  @Matches(DIGEST) digest: Digest = 'sha256:';
  @IsOptional() @IsString() @MaxLength(2_000) reason?: string;
}

export class EntryToApprove {
  @IsIn(CATALOG_KINDS) kind: CatalogKind = 'tools';
  @IsString() @MinLength(1) @MaxLength(1_024) name: string = '';
  @Matches(DIGEST) digest: Digest = 'sha256:';
}

export class ApprovalsBody {
  @IsString() @MinLength(1) @MaxLength(40) server: string = '';
  @ArrayMinSize(1)
  @ArrayMaxSize(500)
  @ValidateNested({ each: true })
  @Type(() => EntryToApprove)
  entries: EntryToApprove[] = [];
  @IsOptional() @IsString() @MaxLength(2_000) reason?: string;
}
