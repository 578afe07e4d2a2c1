import { CountersignError } from '../errors.js';
import type { MaskingProfile } from '../policy/policy.types.js';
import { isRepeated } from './find-repeats.js';
import { MASKING_LIMITS, type MaskingLimits, type MaskingOutcome } from './finding.js';
import { OBJECT, readStrict, type Tape, takeTape, typeOf } from './json-tape.js';
import { type KnownValues, knowValues } from './known-values.js';
import {
  activeKinds,
  applyEdits,
  type Document,
  type MaskingRun,
  newDocument,
  newRun,
} from './masking-run.js';
import { isStillClear } from './second-gate.js';
import { walkData } from './walk-data.js';
import { walkError, walkResult } from './walk-mcp.js';

/** Changes whenever the same body and profile could give other bytes or findings; replay asks for the same engine. */
export const MASKING_ENGINE = 'masking-1';

export type MaskingSurface = 'result' | 'error' | 'arguments';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

const blocked = (why: string): CountersignError => new CountersignError('masking_blocked', why);

const decode = (body: Uint8Array, { body_bytes_max }: MaskingLimits): string => {
  if (body.length > body_bytes_max) throw blocked(`the body is over ${body_bytes_max} bytes`);
  try {
    return utf8.decode(body);
  } catch {
    throw blocked('the body is not UTF-8');
  }
};

const readBody = (
  text: string,
  tape: Tape,
  surface: MaskingSurface,
  { depth_max }: MaskingLimits,
): number => {
  const root = readStrict(text, tape, depth_max);
  if (root === 'malformed') throw blocked('the body is not JSON');
  if (root === 'too deep') throw blocked(`the body is deeper than ${depth_max} levels`);
  if (surface !== 'arguments' && typeOf(tape, root) !== OBJECT)
    throw blocked('the body is not a JSON object');
  return root;
};

const walkSurface = (run: MaskingRun, document: Document, root: number, surface: MaskingSurface): void => {
  if (surface === 'result') walkResult(run, document, root);
  else if (surface === 'error') walkError(run, document, root);
  else walkData(run, document, root, undefined);
};

/**
 * Masks one body. Pure: the same bytes, profile, limits and engine give the same bytes and findings on every machine.
 * Time is linear in the body. Bytes outside the masked values stay as they are.
 *
 * @param body UTF-8 JSON (RFC 8259): an MCP result object, a JSON-RPC error object, or the arguments of a tool call.
 * @throws CountersignError masking_blocked when the body cannot be read completely and unambiguously (not UTF-8, not
 *   JSON, duplicate keys, too deep, too large), or when the second gate still finds personal data. The original is
 *   never returned instead.
 */
export const maskBody = (
  body: Uint8Array,
  surface: MaskingSurface,
  profile: MaskingProfile,
  limits: MaskingLimits = MASKING_LIMITS,
): MaskingOutcome => {
  const text = decode(body, limits);
  const tape = takeTape(text.length >> 1);
  const active = activeKinds(profile);
  const root = readBody(text, tape, surface, limits);
  const pass = (known: KnownValues | undefined): MaskingRun => {
    const run = newRun(profile, active, limits, tape, walkData, known);
    walkSurface(run, newDocument(run, text, true), root, surface);
    return run;
  };
  let run = pass(undefined);
  // Values that a key or label gave away are known now; a second pass finds them where no key or label stands.
  const known = run.values.size > 0 ? knowValues(run.values) : undefined;
  if (known && isRepeated(known, run.documents)) run = pass(known);
  const { findings } = run;
  const masked = applyEdits(run.documents[0] as Document);
  if (isStillClear(masked, profile)) throw blocked('the second gate found personal data in the masked body');
  return {
    masked: masked === text ? body : encoder.encode(masked),
    findings,
    blocked: findings.some(({ kind }) => kind === 'UNSCANNABLE'),
  };
};
