import type { MaskKind } from '../policy/policy.types.js';
import type { Evidence } from './finding.js';
import type { MaskingRun } from './masking-run.js';
import { type Place, resolve } from './place.js';

/** Notes a find at a place; finds of one kind and evidence in one text are counted together by the caller. */
export const noteFinding = (
  run: MaskingRun,
  place: Place,
  kind: MaskKind | 'UNSCANNABLE',
  evidence: Evidence,
  count: number,
): void => {
  const { pointer, inner } = resolve(place);
  run.findings.push(
    inner === undefined ? { pointer, kind, evidence, count } : { pointer, inner, kind, evidence, count },
  );
};
