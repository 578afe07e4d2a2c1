import { parentPort, workerData } from 'node:worker_threads';
import { runReader } from './reader.js';

if (parentPort) runReader(parentPort, workerData.file);
