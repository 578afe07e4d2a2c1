import { programOf } from '../clients/real-programs.js';
import { freePort } from '../support/free-port.js';
import { type Service, service } from '../support/service.js';
import type { Stage } from '../support/stage.js';
import type { Settings } from '../support/standalone.js';

const PROGRAM = programOf('@modelcontextprotocol/server-everything');

export interface EverythingServer {
  readonly settings: Settings;
  /** Undefined for a child of the gateway. */
  readonly runs: Service | undefined;
}

/** The reference server with all features of MCP; the gateway starts it. */
export const everythingAsChild = (name: string, settings: Settings = {}): Settings => ({
  name,
  transport: 'stdio',
  command: 'node',
  args: [PROGRAM, 'stdio'],
  ...settings,
});

const PATHS = { http: ['streamableHttp', 'mcp'], sse: ['sse', 'sse'] } as const;

/** The same as a server of its own. It cannot be told an address, so it listens on all of this machine. */
export const startEverything = async (
  stage: Stage,
  transport: keyof typeof PATHS,
): Promise<EverythingServer> => {
  const [mode, path] = PATHS[transport];
  const port = await freePort();
  const runs = service({
    name: `everything over ${transport}`,
    command: process.execPath,
    args: [PROGRAM, mode],
    env: { PORT: String(port) },
    ready: /(?:listening|running) on port/,
  });
  stage.defer(runs.stop);
  await runs.start();
  return { settings: { name: transport, transport, url: `http://127.0.0.1:${port}/${path}` }, runs };
};
