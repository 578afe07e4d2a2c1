import type { Digest } from '#core/hash.js';
import type { CallRequest } from '../../call/call.js';
import type { Gateway } from '../../gateway.js';
import { sealTask, type TaskHandle } from '../handles.js';

/** The id under which the client of this call knows its new task. */
export const newTaskId = (
  gateway: Gateway,
  owner: Digest,
  { client, server }: CallRequest,
  handle: Omit<TaskHandle, 'server'>,
): string => {
  const taskId = sealTask(gateway, owner, { server, ...handle });
  if (client.era === 'legacy' && client.session !== undefined)
    gateway.sessionTasks.begun(client.session.id, taskId);
  return taskId;
};
