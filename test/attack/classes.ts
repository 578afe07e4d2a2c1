import type { AttackClass } from './attack.js';
import { batches } from './classes/batches.js';
import { hostileStreams } from './classes/hostile-streams.js';
import { listAndCall } from './classes/list-and-call.js';
import { maskingParity } from './classes/masking-parity.js';
import { mediaAndFraming } from './classes/media-and-framing.js';
import { mirroredHeaders } from './classes/mirrored-headers.js';
import { names } from './classes/names.js';
import { parserDifferentials } from './classes/parser-differentials.js';
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
];

export const countOf = (classes: readonly AttackClass[]): number =>
  classes.reduce((sum, { attacks }) => sum + attacks.length, 0);
