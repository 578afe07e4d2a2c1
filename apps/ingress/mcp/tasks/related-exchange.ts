import type { JsonObject } from '#core/evidence/canonical-json.js';
import { relatedTo } from '#mcp/tasks.js';
import type { CallAnswer } from '#mcp/upstream/upstream.types.js';
import type { Exchange } from '../../call/exchange.js';

/** The task on both sides; undefined on a side of the modern era, where questions do not name their task. */
interface Related {
  readonly taskId: string | undefined;
  readonly shown: string | undefined;
}

/**
 * In the legacy era a question about a task names the task, and so must the answer (MCP 2025-11-25 basic/utilities/tasks,
 * related task). The server's own id is not shown: a client sees the id it knows.
 */
export const relatedExchange = (exchange: Exchange, { taskId, shown }: Related): Exchange => ({
  cancelled: exchange.cancelled,
  isGone: () => exchange.isGone(),
  openStream: () => exchange.openStream(),
  progress: (progress) => exchange.progress(progress),
  notify: (method, params) => exchange.notify(method, relatedTo(params, shown)),
  keepAlive: () => exchange.keepAlive(),
  ask: async (question) => {
    const paramsBytes = changed(question.paramsBytes, shown);
    const { kind, bytes } = await exchange.ask({ ...question, paramsBytes });
    const answer: CallAnswer = { kind, bytes: kind === 'result' ? changed(bytes, taskId) : bytes };
    return answer;
  },
});

const changed = (bytes: Uint8Array, taskId: string | undefined): Uint8Array => {
  const members = JSON.parse(Buffer.from(bytes).toString('utf8')) as JsonObject;
  return Buffer.from(JSON.stringify(relatedTo(members, taskId)));
};
