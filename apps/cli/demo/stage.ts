import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Stats } from '../../demo-bank/core-banking/call-log.js';

/** A private gateway with its bank, whose own counters can be asked what really happened. */
export interface Stage {
  /** Of the ingress. */
  readonly url: string;
  readonly approvalUrl: string;
  readonly ledgerUrl: string;
  /** What the core-banking server itself has counted. */
  bankStats(): Promise<Stats>;
  close(): Promise<void>;
}

/** Sets a stage in a temporary data folder, which goes away with it or when it cannot be set. */
export const inTemporaryFolder = async (setStage: (folder: string) => Promise<Stage>): Promise<Stage> => {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-demo-'));
  const drop = () => rm(folder, { recursive: true, force: true });
  try {
    const stage = await setStage(folder);
    const close = async () => {
      await stage.close();
      await drop();
    };
    return { ...stage, close };
  } catch (error) {
    await drop();
    throw error;
  }
};
