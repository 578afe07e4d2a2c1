import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEV_APPROVAL_CLIENT_ID } from '#identity/dev-token-request.js';
import type { Agent } from './support/agents.js';
import { LOOKS_LIKE_TOKEN, pageOf, signInAs, signInByHand, signOutByHand } from './support/approver-page.js';
import { bankUpstream, startBank } from './support/bank.js';
import { type Browser, startBrowser, type Tab } from './support/browser.js';
import { clearIdentifiersIn, demoCustomer } from './support/personal-data.js';
import { demoPolicy } from './support/policies.js';
import { type Approval, approver, examiner, type LedgerEntry } from './support/rest.js';
import { openStage, type Stage } from './support/stage.js';
import { type PrivateSystem, startPrivate } from './support/standalone.js';
import { connect, serviceOf } from './support/system.js';
import { waitUntil } from './support/wait-until.js';

const HOSTILE = `"><script>document.title='owned'</script><img src=x onerror="document.title='owned'">\u202egnp.exe`;

interface Running {
  readonly stage: Stage;
  readonly system: PrivateSystem;
  readonly browser: Browser;
  readonly engineer: Agent;
}

const start = async (): Promise<Running> => {
  const stage = await openStage();
  const bank = await startBank(stage);
  const secret = join(stage.folder, 'secret');
  await writeFile(secret, 'a secret of thirty-two characters or more');
  const system = await startPrivate(stage, {
    policy: demoPolicy(),
    upstreams: [bankUpstream(bank)],
    // Another site than the gateway, as issuers are: Strict cookies must be there all the same after the sign-in.
    issuerHost: 'localhost',
    settings: (issuer) => ({
      // The issuer binds tokens to keys, so that those of the page are.
      identity: { issuers: [{ issuer }], dpop: 'optional', dpop_nonce: { file: secret } },
      approvals: {
        hold_ms: 200,
        login: { issuer, client_id: DEV_APPROVAL_CLIENT_ID, session_key: { file: secret } },
      },
    }),
  });
  const engineer = await connect(system, 'SDK v2', 'data-engineer', 'core-banking');
  return { stage, system, browser: await startBrowser(stage), engineer };
};

/** Some page of somebody else, at an address of its own. */
const elsewhere = async (stage: Stage, host: string, listener: RequestListener): Promise<string> => {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stage.defer(async () => {
    server.closeAllConnections();
    server.close();
  });
  return `http://${host}:${(server.address() as AddressInfo).port}/`;
};

describe('on the approval page', () => {
  let running: Running;
  let serial = 0;
  beforeAll(async () => {
    running = await start();
  }, 60_000);
  afterAll(async () => {
    // It has no token that is taken after the last case.
    await running.engineer.close().catch(() => undefined);
    await running.stage.close();
  });

  const hold = async (notes = 'page'): Promise<Approval> => {
    const { engineer, system } = running;
    const mark = `n${++serial}x`;
    await engineer.call('update_customer', { customer_id: 'C-1003', fields: { notes: `${mark} ${notes}` } });
    const manager = await approver(system, 'manager-1');
    return waitUntil('a pending approval', async () =>
      (await manager.list('pending')).find((each) => JSON.stringify(each.arguments).includes(mark)),
    );
  };
  const standing = async (id: string) => (await approver(running.system, 'manager-1')).one(id);
  const refusals = async (code: string): Promise<readonly LedgerEntry[]> =>
    (await (await examiner(running.system)).events()).filter(
      ({ type, data }) => type === 'RequestRefused' && data['code'] === code,
    );
  const asManager = async (id: string, user = 'manager-1'): Promise<Tab> => {
    const tab = await running.browser.tab();
    await signInAs(tab, pageOf(running.system, id), user);
    return tab;
  };

  it('an approver signs in, sees what is asked, approves, and the call runs', async () => {
    const { system, engineer } = running;
    const held = await hold(`call ${demoCustomer(0).ssn}`);
    const tab = await asManager(held.id);
    const text = await tab.text();
    for (const shown of ['data-engineer', 'core-banking/update_customer', '[US_SSN]', 'DE-1', held.digest])
      expect(text).toContain(shown);
    expect(clearIdentifiersIn(await tab.evaluate<string>('document.documentElement.outerHTML'))).toEqual([]);
    await tab.click('button[value=approve]', /counted=approve/);
    expect(await tab.text()).toContain('Your approval counts. With it the call may run.');
    expect(await standing(held.id)).toMatchObject({
      status: 'granted',
      votes: [{ approver: 'manager-1', vote: 'approve' }],
    });
    const again = await engineer.call('update_customer', {
      customer_id: 'C-1003',
      fields: { notes: `n${serial}x call ${demoCustomer(0).ssn}` },
    });
    expect(again.isError).toBeFalsy();
    expect(tab.console).toEqual([]);
    expect((await (await examiner(system)).events()).map(({ type }) => type)).toContain('ApprovalGranted');
  });

  it('a denial without a reason is refused and says what to do; with one it ends the call', async () => {
    const held = await hold();
    const tab = await asManager(held.id);
    await tab.click('button[value=deny]', /\/page$/);
    expect(await tab.text()).toContain('A denial needs a reason.');
    expect((await standing(held.id)).status).toBe('pending');
    await tab.click('#reason');
    await tab.type('wrong branch');
    await tab.click('button[value=deny]', /counted=deny/);
    expect(await tab.text()).toContain('“wrong branch”');
    expect(await standing(held.id)).toMatchObject({ status: 'denied' });
    expect(await refusals('reason_missing')).not.toEqual([]);
  });

  it('nobody needs a mouse or a script, and every field and part has a name', async () => {
    const held = await hold();
    const tab = await asManager(held.id);
    const nodes = await tab.accessibility();
    const named = (role: string) => nodes.filter((node) => node.role === role).map(({ name }) => name);
    expect(named('button')).toEqual(['Sign out', 'Approve', 'Deny']);
    expect(named('textbox')).toEqual(['Reason']);
    expect(named('heading')[0]).toBe('data-engineer wants core-banking/update_customer');
    expect(named('region')).toContain('Your decision');
    expect(await tab.evaluate<number>('document.scripts.length')).toBe(0);
    // Sign out, the inbox, the arguments, the reason, Approve.
    for (let at = 0; at < 4; at++) await tab.press('Tab');
    await tab.type('by keyboard');
    await tab.press('Tab');
    await tab.press('Enter', /counted=approve/);
    expect(await standing(held.id)).toMatchObject({ votes: [{ approver: 'manager-1' }] });
  });

  it('the requester sees it and cannot vote; neither can somebody without a role, who sees nothing', async () => {
    const held = await hold();
    const own = await asManager(held.id, 'data-engineer');
    expect(await own.text()).toContain('You asked for this yourself.');
    expect(await own.evaluate<number>('document.querySelectorAll("textarea").length')).toBe(0);
    // By hand, with the token of another form of the same session: refused, and on record.
    const sent = await own.evaluate<string>('document.querySelector("input[name=form]").value');
    await own.evaluate(
      `(() => { const form = document.forms[0]; form.action = location.pathname;
        form.innerHTML += '<input name=vote value=approve><input name=digest value=${held.digest}>'; form.submit(); })()`,
    );
    await waitUntil(
      'the answer',
      async () => (await own.text().catch(() => '')).includes('form_refused') || undefined,
    );
    expect(sent).toMatch(/^[\w-]{43}$/);
    const nobody = await asManager(held.id, 'no-role');
    expect(await nobody.text()).toContain('There is no such approval.');
    expect(await nobody.text()).not.toContain('data-engineer wants');
    expect((await standing(held.id)).votes).toEqual([]);
  });

  it('another site can neither send the form for a signed-in approver nor show the page in a frame', async () => {
    const { stage, system } = running;
    const held = await hold();
    const target = pageOf(system, held.id);
    const attack: RequestListener = (request, response) => {
      response.setHeader('content-type', 'text/html');
      response.end(
        request.url === '/frame'
          ? `<iframe src="${target}"></iframe>`
          : `<form method=post action="${target}"><input name=vote value=approve><input name=digest value="${held.digest}">
             <input name=form value="guessed"></form><script>document.forms[0].submit()</script>`,
      );
    };
    const tab = await asManager(held.id);
    // Another port is the same site to a browser, so that even a Strict cookie goes along; another name is another site.
    const [near, far] = [
      await elsewhere(stage, '127.0.0.1', attack),
      await elsewhere(stage, 'localhost', attack),
    ];
    const before = (await refusals('form_refused')).length;
    await tab.open(near, /\/page$/);
    expect(await tab.text()).toContain('form_refused');
    expect((await refusals('form_refused')).length).toBe(before + 1);
    expect((await refusals('form_refused')).at(-1)?.data['where']).toBe('approvals/page');
    await tab.open(far, /\/page$/);
    expect(await tab.text()).toContain('login_failed');
    await tab.open(`${near}frame`);
    await waitUntil(
      'the refusal of the frame',
      () => tab.console.some((line) => line.includes('frame-ancestors')) || undefined,
    );
    expect((await standing(held.id)).votes).toEqual([]);
  });

  it('what agents and requesters write is text, never part of the page', async () => {
    const held = await hold(HOSTILE);
    const tab = await asManager(held.id);
    expect(await tab.evaluate<string>('document.title')).toContain('data-engineer wants');
    expect(await tab.evaluate<number>('document.querySelectorAll("script, img, iframe").length')).toBe(0);
    expect(await tab.text()).toContain('<script>document.title=');
    // What turns the direction of text is written out.
    expect(await tab.text()).toContain('\\u{202e}gnp.exe');
    await tab.click('#reason');
    await tab.type(HOSTILE);
    await tab.click('button[value=deny]', /counted=deny/);
    expect(await tab.evaluate<string>('document.title')).toContain('data-engineer wants');
    expect(await tab.evaluate<number>('document.querySelectorAll("script, img, iframe").length')).toBe(0);
    expect(tab.console).toEqual([]);
  });

  it('the answer of the issuer is good once, for the browser that asked, and only for a sign-in that began here', async () => {
    const { system, browser } = running;
    const inbox = `${system.urls.approval}/approvals/page`;
    const tab = await browser.tab();
    await signInAs(tab, inbox, 'manager-1');
    const callback = tab.visited.find((url) => url.includes('/login/callback?')) ?? '';
    expect(callback).toMatch(/code=.*state=/);
    const before = (await refusals('login_failed')).length;
    // The same browser, with its cookie: the issuer has given its token for this code.
    await tab.open(callback);
    expect(await tab.text()).toContain('login_failed');
    const other = await browser.tab();
    await other.open(callback);
    expect(await other.text()).toContain('login_failed');
    await other.open(`${system.urls.approval}/approvals/login/callback?code=c&state=s`);
    expect(await other.text()).toContain('login_failed');
    const recorded = (await refusals('login_failed')).slice(before);
    expect(recorded.map(({ data }) => data['where'])).toEqual(Array(3).fill('approvals/page'));
    const { searchParams } = new URL(callback);
    for (const secret of [searchParams.get('code') ?? '', searchParams.get('state') ?? ''])
      expect(JSON.stringify(recorded)).not.toContain(secret);
    // What happened to the other one's session: nothing.
    await other.open(inbox, /\/interaction\//);
  });

  it('no script can read the session, and nothing that a browser may keep is a token', async () => {
    const { system } = running;
    const held = await hold();
    const tab = await asManager(held.id);
    expect(await tab.evaluate<string>('document.cookie')).toBe('');
    const cookies = await tab.cookies();
    expect(cookies.filter(({ name }) => name.startsWith('countersign-approver'))).toMatchObject([
      { httpOnly: true, sameSite: 'Strict' },
    ]);
    expect(JSON.stringify(cookies)).not.toMatch(LOOKS_LIKE_TOKEN);
    const kept = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
    const answer = await fetch(pageOf(system, held.id), { headers: { cookie: kept } });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'/,
    );
    const text = await answer.text();
    expect(text).not.toMatch(LOOKS_LIKE_TOKEN);
    expect(text).not.toMatch(/<script|https?:\/\//);
    expect(await system.issuer.token('manager-1')).toMatch(LOOKS_LIKE_TOKEN);
  });

  it('the inbox lists what waits, leads there, and signing out ends the session here and leads to the issuer', async () => {
    const { system } = running;
    const held = await hold();
    const tab = await running.browser.tab();
    const inbox = `${system.urls.approval}/approvals/page`;
    await signInAs(tab, inbox, 'manager-2');
    await tab.click(`a[href$="/approvals/${held.id}/page"]`, /\/page$/);
    expect(await tab.text()).toContain(held.digest);
    await tab.click('header button', /\/session\/end/);
    await tab.click('button[name=logout]', /\/session\/end\/success/);
    expect(await tab.text()).toContain('You are signed out');
    await tab.open(inbox, /\/interaction\//);
  });

  it('a session that somebody has signed out of is over at once, whoever kept its cookie, and it is on record', async () => {
    const { system } = running;
    const session = await signInByHand(system, 'manager-2');
    const kept = session.cookie();
    const look = () =>
      fetch(`${system.urls.approval}/approvals/page`, { headers: { cookie: kept }, redirect: 'manual' });
    expect((await look()).status).toBe(200);
    const answer = await signOutByHand(session);
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('You are signed out here');
    expect((await look()).status).toBe(302);
    const ends = (await (await examiner(system)).events()).filter(({ type }) => type === 'PageSessionEnded');
    expect(JSON.stringify(ends)).toContain('"subject":"manager-2"');
  });

  it('is good to read on a phone and in the dark: nothing is wider than the screen', async () => {
    const held = await hold('a-very-long-word-without-any-place-to-break-'.repeat(12));
    const tab = await asManager(held.id);
    for (const width of [320, 390, 1100])
      for (const dark of [false, true]) {
        await tab.look({ width, dark });
        expect(await tab.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
        expect((await tab.screenshot()).length).toBeGreaterThan(10_000);
      }
    const button = await tab.evaluate<number>(
      'document.querySelector("button.yes").getBoundingClientRect().height',
    );
    expect(button).toBeGreaterThanOrEqual(44);
  });

  it('a page without a form loads itself again until somebody stops that, and begins no session by it', async () => {
    const { system } = running;
    const held = await hold();
    const inbox = '/approvals/page';
    const path = `/approvals/${held.id}/page`;
    const [manager, requester] = [
      await signInByHand(system, 'manager-2'),
      await signInByHand(system, 'data-engineer'),
    ];
    const shown = async (session: typeof manager, address: string) => (await session.get(address)).text();
    const again = (address: string) => `<meta http-equiv="refresh" content="30; url=${address}?fresh=on">`;
    expect(await shown(manager, inbox)).toContain(again(inbox));
    expect(await shown(manager, `${inbox}?fresh=on`)).toContain(again(inbox));
    expect(await shown(manager, `${inbox}?fresh=off`)).not.toContain('http-equiv="refresh"');
    expect(await shown(requester, path)).toContain(again(path));
    expect(await shown(requester, `${path}?fresh=off`)).not.toContain('http-equiv="refresh"');
    expect(await shown(manager, path)).toContain('Your decision');
    expect(await shown(manager, path)).not.toContain('http-equiv="refresh"');
    for (const address of [inbox, path]) {
      const answer = await fetch(`${system.urls.approval}${address}?fresh=on`, { redirect: 'manual' });
      expect(answer.status).toBe(200);
      expect(await answer.text()).toContain('Your session has ended');
    }
  });

  it('after a restart sessions go on and ended ones do not, also where no token is taken that is not bound to a key', async () => {
    const { system } = running;
    const held = await hold();
    const [open, ended] = [await signInByHand(system, 'manager-1'), await signInByHand(system, 'manager-2')];
    await signOutByHand(ended);
    const gateway = serviceOf(system, 'countersign');
    await gateway.kill();
    const file = join(dirname(system.policyFile), 'countersign.yaml');
    const config = await readFile(file, 'utf8');
    await writeFile(file, config.replace('"dpop": "optional"', '"dpop": "required"'));
    await gateway.start();
    await waitUntil(
      'the rebuild',
      async () => (await open.get('/approvals/page')).status === 200 || undefined,
    );
    expect((await ended.get('/approvals/page')).status).toBe(302);
    await expect(approver(system, 'manager-1').then((rest) => rest.list())).rejects.toThrow();
    const tab = await asManager(held.id);
    await tab.click('button[value=approve]', /counted=approve/);
    expect(await tab.text()).toContain('Your approval counts. With it the call may run.');
  });
});
