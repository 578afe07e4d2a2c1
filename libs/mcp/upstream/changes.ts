import type { JsonObject } from '#core/evidence/canonical-json.js';
import type { LinkEvents } from './link.js';
import type { ListKind } from './upstream.types.js';

const LISTS = new Map<string, readonly ListKind[]>([
  ['notifications/tools/list_changed', ['tools']],
  ['notifications/prompts/list_changed', ['prompts']],
  ['notifications/resources/list_changed', ['resources', 'resourceTemplates']],
]);

/** By era: MCP 2025-11-25 basic/utilities/tasks, and the tasks extension. What they say is not passed on as it is. */
const OF_TASKS: ReadonlySet<string> = new Set(['notifications/tasks/status', 'notifications/tasks']);

/** Tells of a changed list, resource or task. @returns false when the notification is about none of them. */
export const tellChange = (events: LinkEvents, method: string, params: JsonObject): boolean => {
  const kinds = LISTS.get(method);
  for (const kind of kinds ?? []) events.onListChanged(kind);
  if (kinds) return true;
  if (OF_TASKS.has(method)) {
    const { taskId } = params;
    if (typeof taskId === 'string') events.onTaskChanged(taskId);
    return true;
  }
  if (method !== 'notifications/resources/updated') return false;
  const { uri } = params;
  if (typeof uri === 'string') events.onResourceUpdated(uri);
  return true;
};
