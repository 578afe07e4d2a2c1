import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DEV_APPROVAL_CLIENT_ID } from '#identity/dev-token-request.js';
import { pageOf, signInAs } from './support/approver-page.js';
import { bankUpstream, startBank } from './support/bank.js';
import { startBrowser } from './support/browser.js';
import { startCluster } from './support/distributed.js';
import { demoPolicy } from './support/policies.js';
import { approver } from './support/rest.js';
import { openStage } from './support/stage.js';
import { connect, serviceOf } from './support/system.js';
import { waitUntil } from './support/wait-until.js';

it('in the distributed shape the page is at the approval service, and a session outlives its restart', async () => {
  const stage = await openStage();
  try {
    const bank = await startBank(stage);
    const file = join(stage.folder, 'session-key');
    await writeFile(file, 'one key for all replicas of the service');
    const system = await startCluster(stage, {
      policy: demoPolicy(),
      upstreams: [bankUpstream(bank)],
      settings: (issuer) => ({
        approvals: {
          hold_ms: 200,
          login: { issuer, client_id: DEV_APPROVAL_CLIENT_ID, session_key: { file } },
        },
      }),
    });
    const engineer = await connect(system, 'SDK v2', 'data-engineer', 'core-banking');
    const update = { customer_id: 'C-1003', fields: { notes: 'distributed' } };
    await engineer.call('update_customer', update);
    const manager = await approver(system, 'manager-1');
    const [held] = await waitUntil('the approval', async () => {
      const pending = await manager.list('pending');
      return pending.length === 1 ? pending : undefined;
    });
    const tab = await (await startBrowser(stage)).tab();
    await signInAs(tab, pageOf(system, held?.id ?? ''), 'manager-1');
    await serviceOf(system, 'approval').kill();
    await serviceOf(system, 'approval').start();
    await waitUntil('the rebuild', () => manager.one(held?.id ?? '').catch(() => undefined));
    // The form that was loaded before is good as well: both are of the same session.
    await tab.click('button[value=approve]', /counted=approve/);
    expect(await tab.text()).toContain('Your approval counts.');
    expect((await engineer.call('update_customer', update)).isError).toBeFalsy();
    expect(bank.stats().by_tool['update_customer']).toBe(1);
    await engineer.close();
  } finally {
    await stage.close();
  }
}, 120_000);
