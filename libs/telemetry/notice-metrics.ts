import { Counter, Gauge } from 'prom-client';
import { registry } from './metrics.js';

export const noticesTotal = new Counter({
  name: 'countersign_notices_total',
  help: 'Attempts to tell people about approvals, by channel and outcome (sent, failed, given_up).',
  labelNames: ['channel', 'outcome'],
  registers: [registry],
});

const pending = new Map<string, () => number>();

new Gauge({
  name: 'countersign_notices_pending',
  help: 'Approvals that a channel is still to be told of by this process.',
  labelNames: ['channel'],
  registers: [registry],
  collect() {
    for (const [channel, size] of pending) this.set({ channel }, size());
  },
});

/** Asked whenever metrics are read. */
export const noticesPending = (channel: string, size: () => number): void => {
  pending.set(channel, size);
};
