import type { GrantTerms } from '../approval/grant.js';
import type { BreakGlass, Requirement } from '../approval/requirement.js';
import type { Json, JsonObject } from '../evidence/canonical-json.js';

/** Personal data the masking engine of this version can find. */
export const MASK_KINDS = [
  'US_SSN',
  'PAN',
  'BANK_ACCOUNT',
  'EMAIL',
  'PHONE',
  'DOB',
  'PERSON',
  'ADDRESS',
] as const;
export type MaskKind = (typeof MASK_KINDS)[number];

/** What a scanner cannot read: pictures, sound, other bytes, and anything over the size limit. */
export const UNSCANNABLE = ['image', 'audio', 'binary', 'over-limit'] as const;
export type Unscannable = (typeof UNSCANNABLE)[number];

/** What a call can be aimed at. `method` is everything that is no tool, prompt or resource: `NAMED_METHODS` of the call. */
export const TARGET_KINDS = ['tool', 'prompt', 'resource', 'method'] as const;
export type TargetKind = (typeof TARGET_KINDS)[number];

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/**
 * The canonical form of a policy file: plain JSON. SHA-256 over its RFC 8785 text is the policy digest. Lists that
 * mean sets (groups, tools, roles, operations, kinds) are sorted, so only a change of meaning changes the digest.
 */
export interface PolicyBundle {
  /** Version of the evaluation rules; 1 stays executable for ever, because replay needs it. */
  readonly semantics: 1;
  readonly name: string;
  readonly roles: { readonly [role: string]: PolicyRole };
  readonly operations: { readonly [operation: string]: PolicyOperation };
  /** In the order of the file. The order decides nothing; it is the order in which rules are named in a decision. */
  readonly rules: readonly PolicyRule[];
  readonly masking: { readonly [profile: string]: MaskingProfile };
  readonly tests: readonly PolicyTest[];
}

export interface PolicyRole {
  readonly groups: readonly string[];
  /** Whose holders may vote for a holder of this role, and for how long at most. Absent: nobody may. */
  readonly delegates?: { readonly to: readonly string[]; readonly max_s: number };
}

export interface PolicyOperation {
  readonly kind: 'read' | 'write';
  /** `server/tool`; the server ends at the first slash. A target belongs to one operation. Empty = no tools. */
  readonly tools: readonly string[];
  // The members below are absent, never empty, when not used: a policy of tools only keeps the digest it always had.
  /** `server/prompt` */
  readonly prompts?: readonly string[];
  /** `server/uri`, with `*` for any run of characters (`compileUriPattern`). */
  readonly resources?: readonly string[];
  /** `server/method`; methods that are no tool, prompt or resource, asked for by callers or by servers. */
  readonly methods?: readonly string[];
}

export interface PolicyRule {
  readonly id: string;
  /** The rule in the words of the policy owner; shown to requesters and approvers. */
  readonly says: string;
  /** `any`: every caller who holds at least one role. */
  readonly roles: 'any' | readonly string[];
  /** `oblige` (written `on:`) allows nothing; it adds its approval or mask to calls that other rules allow. */
  readonly effect: 'allow' | 'deny' | 'oblige';
  readonly operations: readonly string[];
  /** All of them must hold; none = unconditional. Sorted by path. */
  readonly when: readonly PolicyCondition[];
  readonly approval: ApprovalDemand | null;
  /** Name of a masking profile. */
  readonly mask: string | null;
}

/** Distinct people, never the requester. The optional members are absent, never empty, when not used. */
export interface ApprovalDemand extends Requirement {
  readonly expires_s: number;
  /** Must be met as well. */
  readonly and?: readonly Requirement[];
  /** Only ever false: one person may serve several requirements. */
  readonly distinct?: false;
  /** Two roles, one human each, may grant it in an emergency. */
  readonly break_glass?: BreakGlass;
  /** Absent: the approval is for the one call that asks for it. */
  readonly grant?: GrantDemand;
}

/** What an approval covers beside the call that asks for it; see `GrantTerms`. Absent members are never empty. */
export interface GrantDemand {
  readonly uses: number;
  readonly for_s: number;
  /** Paths of arguments, sorted. */
  readonly same?: readonly string[];
  /** About arguments only. All must hold for a call, or it is approved by itself. Sorted by path. */
  readonly when?: readonly PolicyCondition[];
}

export interface PolicyCondition {
  /** `args.<key>...`, `token.<claim>...`, or `now`. */
  readonly path: string;
  /** All of them must hold. Sorted by operator. */
  readonly checks: readonly PolicyCheck[];
}

/** A number is kept as plain decimal text, so that no float ever rounds a limit. */
export type PolicyScalar = string | boolean | { readonly decimal: string };

/** One typed comparison; `compileCheck` defines each operator exactly. */
export type PolicyCheck =
  | { readonly op: 'eq'; readonly value: PolicyScalar }
  | { readonly op: 'in'; readonly values: readonly PolicyScalar[] }
  | { readonly op: 'lt' | 'lte' | 'gt' | 'gte'; readonly value: string }
  | { readonly op: 'size'; readonly min: number; readonly max: number | null }
  | { readonly op: 'startsWith'; readonly value: string }
  | { readonly op: 'glob'; readonly value: string }
  | { readonly op: 'within'; readonly folder: string }
  | { readonly op: 'cidr'; readonly ranges: readonly string[] }
  | ChangeWindow;

export interface ChangeWindow {
  readonly op: 'changeWindow';
  readonly days: readonly Weekday[];
  /** `HH:MM`, inclusive. */
  readonly from: string;
  /** `HH:MM` up to `24:00`, exclusive; earlier than `from` = the window ends on the next day. */
  readonly to: string;
  readonly timeZone: 'UTC';
}

export interface MaskingProfile {
  readonly name: string;
  readonly rules: readonly { readonly kinds: readonly MaskKind[]; readonly do: 'redact' }[];
  readonly unscannable: { readonly [what in Unscannable]: 'block' | 'keep' };
}

export interface PolicyTest {
  /** The caller's roles; tests speak of roles, not of groups. */
  readonly as: readonly string[];
  /** Absent = `tool`. */
  readonly kind?: TargetKind;
  readonly server: string;
  /** Name of the target: of the tool, prompt or method, or URI of the resource. */
  readonly tool: string;
  readonly args: JsonObject;
  readonly token: JsonObject;
  /** Null = no clock: conditions on time are unknown. */
  readonly now: string | null;
  readonly expect: PolicyExpectation;
  /** The roles of each person who approves; together they must be enough. Absent = not tried. */
  readonly grantedBy?: readonly (readonly string[])[];
  /** Together they must not be enough. */
  readonly notGrantedBy?: readonly (readonly string[])[];
}

export interface PolicyExpectation {
  readonly effect: 'allow' | 'deny' | 'approval';
  /** The fewest approvals that are enough, summed over all requirements; null unless the effect is `approval`. */
  readonly count: number | null;
  /** Sorted; null = not compared. For `deny` an empty list means the default deny. */
  readonly rules: readonly string[] | null;
  readonly masked: boolean;
}

export interface DecisionInput {
  readonly groups: readonly string[];
  /** What `tool` names; absent = `tool`. */
  readonly kind?: TargetKind | undefined;
  readonly server: string;
  /** Name of the target: of the tool, prompt or method, or URI of the resource. */
  readonly tool: string;
  readonly args: JsonObject;
  /** Claims of the verified access token: acr, client_id, ... */
  readonly token: JsonObject;
  /** RFC 3339 in UTC (`Z`); recorded, so that replay decides at the same instant. */
  readonly now: string;
}

export interface Decision {
  readonly effect: 'allow' | 'deny' | 'approval';
  readonly operation: string | null;
  readonly kind: 'read' | 'write' | null;
  /** The caller's roles, sorted. */
  readonly roles: readonly string[];
  /** Ids of all matched rules that decided, in file order; empty = denied by default. */
  readonly rules: readonly string[];
  /** Their texts. */
  readonly says: readonly string[];
  readonly approval: {
    /** Each must be met. Sorted by `by`. */
    readonly requirements: readonly Requirement[];
    readonly expires_s: number;
    /** Absent: each human counts for one requirement only. False: one may serve several. */
    readonly distinct?: false;
    /** Absent: what is approved is this call only. */
    readonly grant?: GrantTerms;
    /** Absent: nobody may grant it in an emergency. */
    readonly break_glass?: BreakGlass;
  } | null;
  /** The united profile; null only when the effect is deny or no matched rule masks. */
  readonly profile: MaskingProfile | null;
  readonly engine: 'policy-1';
}

/** Three-valued logic: `undefined` = unknown, because the value is missing or of the wrong type. */
export type Truth = boolean | undefined;
/** Checks one value; `undefined` = the path leads nowhere. */
export type Check = (value: Json | undefined) => Truth;
