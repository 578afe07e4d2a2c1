import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsDefined,
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
import { ROLES_MAX, TARGETS_MAX, USES_MAX } from '#core/delegation/decide-delegation.js';
import { IsInstant } from '#http/is-instant.js';

const NAME_CHARS_MAX = 200;

/** An account, as its tokens name it. */
export class AccountBody {
  @IsString() @MinLength(1) @MaxLength(NAME_CHARS_MAX) issuer!: string;
  @IsString() @MinLength(1) @MaxLength(NAME_CHARS_MAX) subject!: string;
  @IsString() @MinLength(1) @MaxLength(NAME_CHARS_MAX) principal!: string;
}

const names = { each: true };

export class DelegationBody {
  @IsDefined() @ValidateNested() @Type(() => AccountBody) to!: AccountBody;
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(ROLES_MAX)
  @IsString(names)
  @MaxLength(NAME_CHARS_MAX, names)
  roles!: string[];
  @IsOptional() @IsInstant() from?: string;
  @IsInstant() until!: string;
  @IsOptional() @IsInt() @Min(1) @Max(USES_MAX) uses?: number;
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(TARGETS_MAX)
  @IsString(names)
  @MaxLength(NAME_CHARS_MAX, names)
  servers?: string[];
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(TARGETS_MAX)
  @IsString(names)
  @MaxLength(NAME_CHARS_MAX, names)
  tools?: string[];
  @IsOptional() @IsString() @MaxLength(2_000) reason?: string;
}

export class RevocationBody {
  @IsOptional() @IsString() @MaxLength(500) reason?: string;
}

export class DelegationsQuery {
  /** Those that are over or revoked as well. */
  @IsOptional() @IsIn(['open', 'all']) status?: 'open' | 'all';
  @IsOptional() @Matches(/^\d{1,9}$/) cursor?: string;
  @IsOptional() @Type(() => Number) @IsInt() @Min(1) @Max(200) limit: number = 50;
}
