/**
 * The points between which a crash can fall, in order. Tests end the process at each of them; what the next start finds
 * is said where the step is reached.
 */
export type LogStep =
  | 'file_written'
  | 'file_renamed'
  | 'tiles_durable'
  | 'positions_durable'
  | 'checkpoint_recorded'
  | 'checkpoint_published';

export type Reached = (step: LogStep) => void;
export const NOWHERE: Reached = () => undefined;
