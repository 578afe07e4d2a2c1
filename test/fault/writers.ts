import { codeOf, frameOf, type RawAnswer, rawPost, toolCall } from '../e2e/support/raw.js';
import type { System } from '../e2e/support/system.js';
import { pause } from '../e2e/support/wait-until.js';

/** What one write came to, as its sender saw it. */
export interface Sent {
  /** Stands in the arguments of this call and of no other. */
  readonly marker: string;
  /** `released`: a result came; `refused`: a stable code came; `cut off`: the connection broke. */
  readonly came: 'released' | 'refused' | 'cut off';
  readonly code?: string;
}

/** Writers that send one call after the other, each different, until they are told to stop. */
export interface Writers {
  readonly sent: readonly Sent[];
  stop(): Promise<void>;
}

const REFUSED_PAUSE_MS = 20;

/** The gateway passes `progressToken` on as its own call id, so the upstream's log tells which call each request was. */
const write = (marker: string): string =>
  toolCall(
    'update_customer',
    { customer_id: 'C-1001', fields: { notes: marker } },
    { progressToken: marker },
  );

const cameOf = (marker: string, answer: RawAnswer): Sent => {
  const code = codeOf(answer);
  if (code !== undefined) return { marker, came: 'refused', code };
  const { result } = frameOf(answer);
  return { marker, came: result?.isError === false ? 'released' : 'refused' };
};

export const startWriters = (system: System, token: string, count: number): Writers => {
  const sent: Sent[] = [];
  let stopped = false;
  let next = 0;
  const url = `${system.urls.ingress}/mcp/core-banking`;
  const run = async (): Promise<void> => {
    while (!stopped) {
      const marker = `write-${next++}-`;
      const outcome = await rawPost(url, write(marker), { authorization: `Bearer ${token}` }).then(
        (answer) => cameOf(marker, answer),
        (): Sent => ({ marker, came: 'cut off' }),
      );
      sent.push(outcome);
      if (outcome.came !== 'released') await pause(REFUSED_PAUSE_MS);
    }
  };
  const running = Array.from({ length: count }, run);
  return {
    sent,
    stop: async () => {
      stopped = true;
      await Promise.all(running);
    },
  };
};
