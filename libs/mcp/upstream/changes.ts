import type { JsonObject } from '#core/evidence/canonical-json.js';
import type { LinkEvents } from './link.js';
import type { ListKind } from './upstream.types.js';

const LISTS = new Map<string, readonly ListKind[]>([
  ['notifications/tools/list_changed', ['tools']],
  ['notifications/prompts/list_changed', ['prompts']],
  ['notifications/resources/list_changed', ['resources', 'resourceTemplates']],
]);

/** Tells of a changed list or resource. @returns false when the notification is about neither. */
export const tellChange = (events: LinkEvents, method: string, params: JsonObject): boolean => {
  const kinds = LISTS.get(method);
  for (const kind of kinds ?? []) events.onListChanged(kind);
  if (kinds) return true;
  if (method !== 'notifications/resources/updated') return false;
  const { uri } = params;
  if (typeof uri === 'string') events.onResourceUpdated(uri);
  return true;
};
