import { parentPort } from 'node:worker_threads';

export type ThreadReply =
  | { readonly n: number; readonly value: unknown }
  | { readonly n: number; readonly error: string };

/** The other side of a ThreadClient: answers each request; the thread ends behind `close`. */
export const answerRequests = <Request extends { readonly op: string }>(
  answer: (request: Request) => unknown,
): void => {
  parentPort?.on('message', ({ n, request }: { n: number; request: Request }) => {
    let reply: ThreadReply;
    try {
      reply = { n, value: answer(request) };
    } catch (error) {
      reply = { n, error: (error as Error).message };
    }
    parentPort?.postMessage(reply);
    if (request.op === 'close') parentPort?.close();
  });
};
