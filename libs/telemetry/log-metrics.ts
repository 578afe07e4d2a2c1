import { Gauge } from 'prom-client';
import { registry } from './metrics.js';

export const logSize = new Gauge({
  name: 'countersign_ledger_log_size',
  help: 'Entries covered by the last signed checkpoint of the Merkle log.',
  registers: [registry],
});

export const logSigning = new Gauge({
  name: 'countersign_ledger_log_signing',
  help: '1 while the Merkle log signs checkpoints; 0 while it opens, or when store and log contradict each other.',
  registers: [registry],
});

export const logWitnessed = new Gauge({
  name: 'countersign_ledger_log_witnessed',
  help: '1 when the quorum of witnesses has cosigned a checkpoint lately; absent when none is asked for.',
  registers: [registry],
});

export const logCheckpointAge = new Gauge({
  name: 'countersign_ledger_log_checkpoint_age_seconds',
  help: 'Time since this process published a checkpoint.',
  registers: [registry],
});
