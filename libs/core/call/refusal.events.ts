import type { ErrorCode } from '../errors.js';
import type { JsonObject } from '../evidence/canonical-json.js';

/** A request ended before it became a call or a vote; in stream `refusal-<id>`. Never holds the token. */
export interface RequestRefused {
  readonly type: 'RequestRefused';
  readonly v: 1;
  readonly data: {
    readonly code: ErrorCode;
    /** Which door; from a closed list, never what a stranger wrote. */
    readonly where: string;
    /** Method names, ids and reasons; of a flood `count`, `from` and `until`. */
    readonly about: JsonObject;
  };
}
