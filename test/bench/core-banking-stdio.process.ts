import { createInterface } from 'node:readline';
import { generateBank } from '../../apps/demo-bank/bank.js';
import { createBooks } from '../../apps/demo-bank/core-banking/books.js';
import { createCallLog } from '../../apps/demo-bank/core-banking/call-log.js';
import { callTool, type ToolServices } from '../../apps/demo-bank/core-banking/call-tool.js';
import { readFrame, resultFrame } from '../../apps/demo-bank/core-banking/frame.js';
import { toolList } from '../../apps/demo-bank/core-banking/tools.js';

/** The same tools over stdio, for gateways that only start child processes. */
const log = createCallLog(false);
const services: ToolServices = {
  books: createBooks(generateBank('bench', 200)),
  log,
  faults: [],
  stopped: new AbortController().signal,
};
const initialized = {
  protocolVersion: '2025-11-25',
  capabilities: { tools: {} },
  serverInfo: { name: 'core-banking', version: '1.0.0' },
};

const resultOf = async (line: string): Promise<{ id: string | number; result: string } | undefined> => {
  const { id, method, params } = readFrame(line);
  if (id === undefined) return undefined;
  if (method === 'initialize') return { id, result: JSON.stringify(initialized) };
  if (method === 'tools/list') return { id, result: JSON.stringify(toolList()) };
  if (method !== 'tools/call') return { id, result: '{}' };
  const answer = await callTool(
    services,
    log.call(id, params['name'] ?? null, params['arguments'] ?? null, {}, line),
    params,
  );
  return { id, result: 'result' in answer ? answer.result : '{}' };
};

createInterface({ input: process.stdin }).on('line', (line) => {
  void resultOf(line).then((answer) => {
    if (answer !== undefined) process.stdout.write(`${resultFrame(answer.id, answer.result)}\n`);
  });
});
