import type { Governed } from './governed.js';
import { SERVER } from './governed.js';

/** What an operator sees of the upstream's authorization. */
export const consentState = async ({ urls, issuer }: Governed): Promise<string> => {
  const headers = { authorization: `Bearer ${await issuer.token('operator')}` };
  const response = await fetch(`${urls.ingress}/upstreams`, { headers });
  const { items } = (await response.json()) as { items: { name: string; state: string }[] };
  return items.find(({ name }) => name === SERVER)?.state ?? 'unknown';
};

/** One page, with redirects left to the caller. @throws Error when the page is a refusal */
const open = async (url: string, headers: Record<string, string> = {}): Promise<Response> => {
  const page = await fetch(url, { headers, redirect: 'manual' });
  if (page.status >= 400) throw new Error(`${page.status} at ${new URL(url).pathname}: ${await page.text()}`);
  return page;
};

const locationOf = (page: Response): string => {
  const location = page.headers.get('location');
  if (location === null) throw new Error(`no redirect, but ${page.status}`);
  return location;
};

/**
 * Consents as an operator with a browser does: asks for the link, opens it, goes on to the authorization server, which
 * the suite plays and which consents at once, and comes back.
 * @throws Error when the authorization server or the gateway refuses
 */
export const consent = async ({ urls, issuer }: Governed): Promise<void> => {
  const asked = await fetch(`${urls.ingress}/upstreams/${SERVER}/authorize`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await issuer.token('operator')}`,
      'content-type': 'application/json',
    },
    body: '{}',
  });
  if (!asked.ok) throw new Error(`no link: ${asked.status} ${await asked.text()}`);
  const { url } = (await asked.json()) as { url: string };
  const cookie = (await open(url)).headers.getSetCookie().map((one) => one.split(';')[0]);
  const headers = { cookie: cookie.join('; ') };
  const atServer = await open(locationOf(await open(`${url}&continue=1`, headers)));
  await open(locationOf(atServer), headers);
};
