import type { Tab } from './browser.js';
import { type RawAnswer, rawPost } from './raw.js';
import type { System } from './system.js';

/** Header and claims of a JSON Web Token; sealed values may have the letters of either by chance. */
export const LOOKS_LIKE_TOKEN = /eyJ[\w-]{8,}\.eyJ/;

export const pageOf = ({ urls }: System, approvalId: string): string =>
  `${urls.approval}/approvals/${approvalId}/page`;

/** Opens the page of an approval, or the inbox, and signs in where the development issuer asks who to be. */
export const signInAs = async (tab: Tab, url: string, user: string): Promise<void> => {
  await tab.open(url, /\/interaction\//);
  await tab.click(`button[value="${user}"]`, new RegExp(`^${url.replace(/[?/.]/g, '\\$&')}$`));
};

export interface PageSession {
  /** What the browser would send along. */
  cookie(): string;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  /** A form, sent as the page sends it unless `headers` say otherwise. */
  post(path: string, form: URLSearchParams | string, headers?: Record<string, string>): Promise<RawAnswer>;
}

/** Cookies and redirects by hand: a browser that can be made to lie. */
export const signInByHand = async ({ urls }: System, user: string): Promise<PageSession> => {
  const jars = new Map<string, Map<string, string>>();
  const jarOf = (url: string) => {
    const { host } = new URL(url);
    const jar = jars.get(host) ?? new Map<string, string>();
    jars.set(host, jar);
    return jar;
  };
  const cookieOf = (url: string) => [...jarOf(url)].map(([name, value]) => `${name}=${value}`).join('; ');
  const send = async (url: string, init: RequestInit = {}): Promise<Response> => {
    const headers = { cookie: cookieOf(url), ...init.headers };
    const response = await fetch(url, { ...init, headers, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=', 2);
      if (line.includes('Max-Age=0')) jarOf(url).delete(name);
      else jarOf(url).set(name, value);
    }
    return response;
  };
  let at = `${urls.approval}/approvals/page`;
  let response = await send(at);
  for (let hops = 0; hops < 10; hops++) {
    const location = response.headers.get('location');
    if (location !== null) {
      at = new URL(location, at).href;
      response = await send(at);
    } else if (at.includes('/interaction/')) {
      response = await send(at, { method: 'POST', body: new URLSearchParams({ user }) });
    } else break;
  }
  if (!at.includes('/login/callback')) throw new Error(`the sign-in ended at ${new URL(at).pathname}`);
  return {
    cookie: () => cookieOf(urls.approval),
    get: (path, headers = {}) => send(urls.approval + path, { headers }),
    post: (path, form, headers = {}) =>
      rawPost(urls.approval + path, String(form), {
        cookie: cookieOf(urls.approval),
        'content-type': 'application/x-www-form-urlencoded',
        origin: new URL(urls.approval).origin,
        ...headers,
      }),
  };
};

/** The token that the page put into its form. */
export const formTokenIn = (page: string): string =>
  /<h2 id="decide">.*?name="form" value="([\w-]{43})"/s.exec(page)?.[1] ?? '';

/** The form in the header of every page. */
export const signOutByHand = async (session: PageSession): Promise<RawAnswer> => {
  const page = await (await session.get('/approvals/page')).text();
  const [, form = ''] = /class="who".*?name="form" value="([\w-]{43})"/s.exec(page) ?? [];
  return session.post('/approvals/logout', new URLSearchParams({ form }));
};
