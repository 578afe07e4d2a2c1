import type { MessageHandler } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import { CountersignError } from '#core/errors.js';
import { contractOf } from './answers.js';
import type { ReplyEnvelope } from './bus.js';

/**
 * Runs one registered handler: validates the request, awaits the reply and folds every failure into the envelope.
 * Nothing is thrown, so a broken request can never take a service down.
 */
export const answer = async (
  subject: string,
  handler: MessageHandler | undefined,
  request: unknown,
  onBug: (subject: string, error: unknown) => void,
): Promise<ReplyEnvelope> => {
  const contract = contractOf(subject);
  if (handler === undefined || contract === undefined)
    return { ok: false, code: 'internal', detail: `nobody answers ${subject}` };
  const checked = contract.request.safeParse(request);
  if (!checked.success)
    return {
      ok: false,
      code: 'internal',
      detail: `${subject}: ${checked.error.issues[0]?.path.join('.')} is not valid`,
    };
  try {
    const result: unknown = await handler(checked.data);
    return { ok: true, value: isObservable(result) ? await lastValueFrom(result) : result };
  } catch (error) {
    if (error instanceof CountersignError) {
      return error.detail === undefined
        ? { ok: false, code: error.code }
        : { ok: false, code: error.code, detail: error.detail };
    }
    onBug(subject, error);
    return { ok: false, code: 'internal' };
  }
};
