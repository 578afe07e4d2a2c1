import type { AttackClass } from './attack.js';
import { approvals } from './classes/approvals.js';
import { batches } from './classes/batches.js';
import { browsers } from './classes/browsers.js';
import { budgets } from './classes/budgets.js';
import { handles } from './classes/handles.js';
import { hostileStreams } from './classes/hostile-streams.js';
import { innerDoors } from './classes/inner-doors.js';
import { inward } from './classes/inward.js';
import { listAndCall } from './classes/list-and-call.js';
import { logInjection } from './classes/log-injection.js';
import { maskingParity } from './classes/masking-parity.js';
import { mediaAndFraming } from './classes/media-and-framing.js';
import { mirroredHeaders } from './classes/mirrored-headers.js';
import { names } from './classes/names.js';
import { parserDifferentials } from './classes/parser-differentials.js';
import { policyErrors } from './classes/policy-errors.js';
import { questions } from './classes/questions.js';
import { repeats } from './classes/repeats.js';
import { rugPulls } from './classes/rug-pulls.js';
import { tokens } from './classes/tokens.js';

/** The corpus, by the numbers of the classes. */
export const CLASSES: readonly AttackClass[] = [
  parserDifferentials,
  batches,
  mediaAndFraming,
  mirroredHeaders,
  hostileStreams,
  maskingParity,
  listAndCall,
  names,
  rugPulls,
  tokens,
  handles,
  approvals,
  questions,
  browsers,
  inward,
  logInjection,
  policyErrors,
  budgets,
  innerDoors,
  repeats,
];

export const countOf = (classes: readonly AttackClass[]): number =>
  classes.reduce((sum, { attacks }) => sum + attacks.length, 0);
