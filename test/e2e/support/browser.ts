import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Stage } from './stage.js';
import { waitUntil } from './wait-until.js';

type Message = Readonly<Record<string, unknown>>;

/** A tab of a real browser with cookies of its own, driven over the DevTools protocol. */
export interface Tab {
  /** Waits for the page; follows redirects and refreshes until the address fits. */
  open(url: string, until?: RegExp): Promise<void>;
  url(): Promise<string>;
  /** The text that people see. */
  text(): Promise<string>;
  evaluate<Value>(expression: string): Promise<Value>;
  /** A click with the mouse on the first element that the selector finds; waits for what it leads to. */
  click(selector: string, until?: RegExp): Promise<void>;
  /** Keys of the keyboard: text, or Tab, Enter. */
  type(text: string): Promise<void>;
  press(key: 'Tab' | 'Enter' | 'Space', until?: RegExp): Promise<void>;
  /** What screen readers are told: role and name of each element. */
  accessibility(): Promise<readonly { readonly role: string; readonly name: string }[]>;
  look(options: { readonly width: number; readonly dark?: boolean }): Promise<void>;
  screenshot(): Promise<Buffer>;
  cookies(): Promise<readonly Cookie[]>;
  /** Every address that it has loaded, redirects left out. */
  readonly visited: readonly string[];
  /** Everything that the browser wrote on its console, errors of the content security policy included. */
  readonly console: readonly string[];
}

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly httpOnly: boolean;
  readonly sameSite?: string;
}

export interface Browser {
  tab(): Promise<Tab>;
}

const READY_MS_MAX = 40_000;

const connect = async (address: string) => {
  const socket = new WebSocket(address);
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve, { once: true });
    socket.addEventListener('error', reject, { once: true });
  });
  let last = 0;
  const waiting = new Map<number, PromiseWithResolvers<Message>>();
  const listeners: ((message: Message) => void)[] = [];
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(String(data)) as Message;
    for (const listener of listeners) listener(message);
    const asked = waiting.get(Number(message['id']));
    if (asked === undefined) return;
    waiting.delete(Number(message['id']));
    if (message['error'] === undefined) asked.resolve(message['result'] as Message);
    else asked.reject(new Error(JSON.stringify(message['error'])));
  });
  const send = (method: string, params: object = {}, sessionId?: string): Promise<Message> => {
    const asked = Promise.withResolvers<Message>();
    waiting.set(++last, asked);
    socket.send(JSON.stringify({ id: last, method, params, ...(sessionId && { sessionId }) }));
    return asked.promise;
  };
  return { send, listen: (listener: (message: Message) => void) => listeners.push(listener), socket };
};
type Connection = Awaited<ReturnType<typeof connect>>;

/** Chromium without a window; ends with the stage. */
export const startBrowser = async (stage: Stage): Promise<Browser> => {
  const profile = await mkdtemp(join(tmpdir(), 'countersign-browser-'));
  const flags = [
    '--headless=new',
    '--no-sandbox',
    '--disable-gpu',
    '--no-first-run',
    '--disable-dev-shm-usage',
  ];
  const child: ChildProcess = spawn(
    'chromium',
    [...flags, '--remote-debugging-port=0', `--user-data-dir=${profile}`, 'about:blank'],
    { stdio: 'ignore', detached: true },
  );
  stage.defer(async () => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    if (child.pid !== undefined && child.exitCode === null) {
      process.kill(-child.pid, 'SIGKILL');
      await ended;
    }
    await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  });
  const address = await waitUntil(
    'the browser',
    async () => {
      const text = await readFile(join(profile, 'DevToolsActivePort'), 'utf8').catch(() => '');
      const [port, path] = text.split('\n');
      return path ? `ws://127.0.0.1:${port}${path}` : undefined;
    },
    READY_MS_MAX,
  );
  const connection = await connect(address);
  stage.defer(async () => connection.socket.close());
  return { tab: () => openTab(connection) };
};

const openTab = async ({ send, listen }: Connection): Promise<Tab> => {
  const { browserContextId } = await send('Target.createBrowserContext');
  const { targetId } = await send('Target.createTarget', { url: 'about:blank', browserContextId });
  const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true });
  const own = String(sessionId);
  const ask = (method: string, params: object = {}) => send(method, params, own);
  const written: string[] = [];
  const visited: string[] = [];
  listen((message) => {
    if (message['sessionId'] !== own) return;
    if (message['method'] === 'Page.frameNavigated')
      visited.push((message['params'] as { readonly frame: { readonly url: string } }).frame.url);
    if (message['method'] === 'Log.entryAdded' || message['method'] === 'Runtime.consoleAPICalled')
      written.push(JSON.stringify(message['params']));
  });
  await Promise.all(['Page', 'Runtime', 'Log', 'Accessibility'].map((domain) => ask(`${domain}.enable`)));

  const evaluate = async <Value>(expression: string): Promise<Value> => {
    const { result, exceptionDetails } = await ask('Runtime.evaluate', { expression, returnByValue: true });
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
    return (result as { readonly value: Value }).value;
  };
  /** While pages follow each other there is now and then none to ask. */
  const state = () => evaluate<string>("document.readyState + ' ' + location.href").catch(() => '');
  const arrive = async (until: RegExp): Promise<void> => {
    const isThere = async (): Promise<boolean> => {
      const now = await state();
      return now.startsWith('complete ') && until.test(now.slice('complete '.length));
    };
    await waitUntil(`the page ${until}`, async () => (await isThere()) || undefined, READY_MS_MAX);
  };
  /** Marks the page that is left, so that the next one is not mistaken for it. */
  const leaving = async (act: () => Promise<unknown>, until: RegExp): Promise<void> => {
    await evaluate('window.isLeft = true');
    await act();
    await waitUntil(
      'the next page',
      async () => (await evaluate<boolean>('window.isLeft !== true').catch(() => false)) || undefined,
      READY_MS_MAX,
    );
    await arrive(until);
  };
  const key = async (name: string, text?: string): Promise<void> => {
    const code = { Tab: 9, Enter: 13, Space: 32 }[name] ?? 0;
    const about = { key: name === 'Space' ? ' ' : name, code: name, windowsVirtualKeyCode: code };
    await ask('Input.dispatchKeyEvent', { type: 'keyDown', ...about, ...(text && { text }) });
    await ask('Input.dispatchKeyEvent', { type: 'keyUp', ...about });
  };

  return {
    console: written,
    visited,
    cookies: async () => {
      const { cookies } = await send('Storage.getCookies', { browserContextId });
      return cookies as readonly Cookie[];
    },
    evaluate,
    open: async (url, until = /./) => leaving(() => ask('Page.navigate', { url }), until),
    url: () => evaluate<string>('location.href'),
    text: () => evaluate<string>('document.body?.innerText ?? ""'),
    click: async (selector, until) => {
      const [x, y] = await evaluate<readonly [number, number]>(
        `(() => { const it = document.querySelector(${JSON.stringify(selector)}); it.scrollIntoView({ block: 'center' });
          const box = it.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; })()`,
      );
      const press = async (): Promise<void> => {
        const at = { x, y, button: 'left', clickCount: 1 };
        await ask('Input.dispatchMouseEvent', { type: 'mousePressed', ...at });
        await ask('Input.dispatchMouseEvent', { type: 'mouseReleased', ...at });
      };
      await (until === undefined ? press() : leaving(press, until));
    },
    type: async (text) => {
      await ask('Input.insertText', { text });
    },
    press: async (name, until) => {
      const text = { Enter: '\r', Space: ' ', Tab: undefined }[name];
      await (until === undefined ? key(name, text) : leaving(() => key(name, text), until));
    },
    accessibility: async () => {
      const { nodes } = await ask('Accessibility.getFullAXTree');
      const plain = (part: unknown): string => String((part as { value?: unknown } | undefined)?.value ?? '');
      return (nodes as readonly Message[])
        .filter(({ ignored }) => ignored !== true)
        .map(({ role, name }) => ({ role: plain(role), name: plain(name) }));
    },
    look: async ({ width, dark = false }) => {
      const phone = width < 600;
      await ask('Emulation.setDeviceMetricsOverride', {
        ...{ width, height: phone ? 800 : 900, deviceScaleFactor: 1, mobile: phone },
      });
      const features = [{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }];
      await ask('Emulation.setEmulatedMedia', { features });
    },
    screenshot: async () => {
      const { data } = await ask('Page.captureScreenshot', { captureBeyondViewport: true });
      return Buffer.from(String(data), 'base64');
    },
  };
};
