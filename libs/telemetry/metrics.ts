import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export const registry = new Registry();

export const callsTotal = new Counter({
  name: 'countersign_calls_total',
  help: 'Tool calls by server and outcome.',
  labelNames: ['server', 'outcome'],
  registers: [registry],
});

export const callSeconds = new Histogram({
  name: 'countersign_call_seconds',
  help: 'Time from receipt to release of a tool call, without time held for approval.',
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30],
  registers: [registry],
});

export const refusalsTotal = new Counter({
  name: 'countersign_refusals_total',
  help: 'Requests refused before they became a call, by error code.',
  labelNames: ['code'],
  registers: [registry],
});

export const approvalsPending = new Gauge({
  name: 'countersign_approvals_pending',
  help: 'Approvals that wait for a human.',
  registers: [registry],
});

export const catalogHeld = new Gauge({
  name: 'countersign_catalog_held',
  help: 'Listed tools, prompts and templates that wait for the approval of an operator, by server.',
  labelNames: ['server'],
  registers: [registry],
});

export const readModelCaughtUp = new Gauge({
  name: 'countersign_read_model_caught_up_timestamp_seconds',
  help: 'When the read model was last at the end of the log; values: the index that finds calls by a value.',
  labelNames: ['part'],
  registers: [registry],
});

export const ledgerAlarmsTotal = new Counter({
  name: 'countersign_ledger_alarms_total',
  help: 'Findings of this process that the record itself was touched, or that glass was broken, by kind. Anything above 0 needs a person.',
  labelNames: ['kind'],
  registers: [registry],
});

let isCollecting = false;

/** Memory, processor time and the like; once for all services of the process. */
export const collectProcessMetrics = (): void => {
  if (isCollecting) return;
  isCollecting = true;
  collectDefaultMetrics({ register: registry });
};
