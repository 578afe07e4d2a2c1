import { CountersignError, type ErrorCode } from '#core/errors.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';

/** A refusal whose JSON-RPC error carries more for programs, as the specification asks of some codes. */
export class RefusalWithData extends CountersignError {
  constructor(
    code: ErrorCode,
    detail: string,
    readonly data: JsonObject,
  ) {
    super(code, detail);
  }
}
