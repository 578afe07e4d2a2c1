import type { RequestFrame } from '#mcp/frame.js';
import { isTerminal } from '#mcp/tasks.js';
import type { Gateway } from '../../gateway.js';
import type { Listener } from '../../listeners.js';
import { clientOfSession } from '../client-of.js';
import type { Opened } from '../legacy/open-session-of.js';
import type { McpRequest, Post } from '../mcp-request.js';
import { watchTask } from './watch-tasks.js';

/** What the session would have sent itself; its task is filled in. */
const LOOK: RequestFrame = {
  kind: 'request',
  id: 'look',
  method: 'tasks/get',
  params: {},
  paramsBytes: Buffer.from('{}'),
};

/**
 * Tells the stream of a legacy session of the tasks it has begun (MCP 2025-11-25 basic/utilities/tasks, task status
 * notification), as far as their servers tell. @returns what ends it
 */
export const followSession = (
  gateway: Gateway,
  post: Post,
  { caller, owner, session }: Opened,
  listener: Listener,
): (() => void) => {
  const client = clientOfSession(gateway, session);
  const endpoint = post.server === undefined ? 'mcp' : `mcp/${post.server}`;
  const mcp: McpRequest = { post, caller, owner, client, frame: LOOK, endpoint };
  const gone = new AbortController();
  const stops = new Map<string, () => void>();
  const unfollow = gateway.sessionTasks.follow(session.id, (taskId) => {
    const stop = watchTask(gateway, mcp, taskId, gone.signal, (task) => {
      listener.notify('notifications/tasks/status', task);
      if (!isTerminal(task)) return;
      stops.delete(taskId);
      gateway.sessionTasks.ended(session.id, taskId);
    });
    if (stop !== undefined) stops.set(taskId, stop);
  });
  return () => {
    unfollow();
    gone.abort();
    for (const stop of stops.values()) stop();
  };
};
