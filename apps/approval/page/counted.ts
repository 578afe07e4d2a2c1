import type { Act } from '../acts.js';
import type { SignedIn } from './sessions.js';

/** What a browser is told after an act, in the address that it is sent to. */
export interface Counted {
  readonly counted?: Act | undefined;
  readonly proof?: string | undefined;
}

/** No approval has it as its id, so that it is the token of no form. */
const nameOf = (approvalId: string, act: Act): string => `~counted ${act} ${approvalId}`;

/** `counted=approve&proof=...`, for this session and this approval only. */
export const countedQuery = (signedIn: Pick<SignedIn, 'formToken'>, approvalId: string, act: Act): string =>
  `counted=${act}&proof=${signedIn.formToken(nameOf(approvalId, act))}`;

/** Undefined unless we have sent the browser here: nobody else makes a link that says what was never done. */
export const provedAct = (
  signedIn: Pick<SignedIn, 'isFormToken'>,
  approvalId: string,
  { counted, proof }: Counted,
): Act | undefined =>
  counted !== undefined && proof !== undefined && signedIn.isFormToken(proof, nameOf(approvalId, counted))
    ? counted
    : undefined;
