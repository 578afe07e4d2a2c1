import { parentPort, workerData } from 'node:worker_threads';
import { runWriter } from '#event-store/sqlite/writer.js';
import { faultySteps } from './sqlite-faults.js';

/** The real writer thread with faults at the beginning and the commit of its transactions. */
if (parentPort) runWriter(parentPort, workerData, faultySteps(workerData.file));
