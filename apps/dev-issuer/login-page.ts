import type { IncomingMessage, ServerResponse } from 'node:http';
import type Provider from 'oidc-provider';
import { escapeHtml } from '#http/escape-html.js';
import type { DemoUser } from './demo-users.js';

const FORM_BYTES_MAX = 4 * 1024;

export const page = (title: string, body: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>
body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem;color:#1b1f24}
.banner{background:#fff4d6;border:1px solid #b7791f;padding:.6rem 1rem;font-weight:600}
button{display:block;width:100%;text-align:left;font:inherit;margin:.4rem 0;padding:.6rem 1rem}
button{border:1px solid #8b949e;background:#f6f8fa;cursor:pointer}
button:hover,button:focus{background:#ddf4ff}small{color:#57606a}
</style></head><body>
<p class="banner" role="note">Development only. Nobody's identity is checked here.</p>
<h1>${title}</h1>
${body}
</body></html>`;

export const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  // No form-action: browsers apply it to the redirects after the form too, and those end at the client.
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
  'x-content-type-options': 'nosniff',
};

export const sendPage = (response: ServerResponse, status: number, title: string, body: string): void => {
  response.writeHead(status, PAGE_HEADERS);
  response.end(page(title, body));
};

const userButton = ({ name, groups }: DemoUser): string =>
  `<button name="user" value="${escapeHtml(name)}">${escapeHtml(name)}
<small>${escapeHtml(groups.join(', ') || 'no groups')}</small></button>`;

const readForm = async (request: IncomingMessage): Promise<URLSearchParams> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > FORM_BYTES_MAX) throw new Error('form too large');
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
};

/**
 * The login page of one authorization request: choose a demo user, no password. oidc-provider ties the page to the
 * browser that began the request by a signed cookie, so that another site cannot press the button.
 */
export const handleInteraction = async (
  provider: Provider,
  users: readonly DemoUser[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const { params, uid } = await provider.interactionDetails(request, response);
  if (!(request.url ?? '').endsWith(`/interaction/${uid}`)) throw new Error('another interaction');
  const chosen = request.method === 'POST' ? (await readForm(request)).get('user') : null;
  const user = users.find(({ name }) => name === chosen);
  if (user !== undefined) {
    const result = { login: { accountId: user.name, remember: false } };
    return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  }
  const client = `<strong>${escapeHtml(String(params['client_id']))}</strong>`;
  const resource = escapeHtml(String(params['resource'] ?? 'the default resource'));
  sendPage(
    response,
    200,
    'Sign in as a demo user',
    `<p>${client} asks for access to <code>${resource}</code>.</p><form method="post">${users.map(userButton).join('')}</form>`,
  );
};
