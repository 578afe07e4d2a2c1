import type { RequestFrame } from '../frame.js';
import { errorFrame, resultFrame } from '../frame-write.js';

const EMPTY_RESULT = Buffer.from('{}');

/**
 * What a server that asks something of its client gets. We declare no client capability: sampling, elicitation and
 * roots would put questions of an upstream to people or models behind the policy's back.
 */
export const answerServerRequest = (request: RequestFrame): Uint8Array =>
  request.method === 'ping'
    ? resultFrame(request.id, EMPTY_RESULT)
    : errorFrame(request.id, 'method_unknown');
