import { parentPort, workerData } from 'node:worker_threads';
import { plainSteps } from './append-transaction.js';
import { runWriter } from './writer.js';

if (parentPort) runWriter(parentPort, workerData, plainSteps);
