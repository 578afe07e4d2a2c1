import type { Logger } from 'pino';
import { describe, expect, it } from 'vitest';
import type { Bus } from '#bus/bus.js';
import { configSchema } from '#config/config.schema.js';
import type { ResourceServer } from '#identity/resource-server.js';
import type { FollowLog } from '../follow-log.js';
import { ApprovalPages } from './approval-pages.js';
import { approvalPageUrl, pageAddress } from './page-address.js';
import { SignedOut } from './signed-out.js';

const ISSUER = 'https://id.bank.example';
const configWith = (approvals: object, mode = 'production') =>
  configSchema.parse({ mode, policy_file: 'p', identity: { issuers: [{ issuer: ISSUER }] }, approvals });
const LOGIN = { issuer: ISSUER, client_id: 'approvals' };
const startWith = (approvals: object, publicUrl: string, mode?: string) => () =>
  new ApprovalPages(
    configWith(approvals, mode),
    () => publicUrl,
    {} as ResourceServer,
    {} as Bus,
    {} as FollowLog,
    new SignedOut(3_600),
    {} as Logger,
  ).onModuleInit();

describe('the approval page', () => {
  it('does not start in production where its sessions would travel in clear', () => {
    expect(startWith({ login: LOGIN }, 'http://127.0.0.1:8081')).toThrow(/https/);
    expect(startWith({ login: LOGIN }, 'https://approvals.bank.example')).not.toThrow();
    expect(startWith({ login: LOGIN, page_url: 'https://b.example' }, 'http://10.0.0.1')).not.toThrow();
    expect(startWith({ login: LOGIN }, 'http://127.0.0.1:8081', 'development')).not.toThrow();
    expect(startWith({}, 'http://127.0.0.1:8081')).not.toThrow();
  });

  it('is where browsers know it, behind whatever a proxy puts before its paths', () => {
    const config = configWith({ page_url: 'https://bank.example/gateway/' });
    expect(pageAddress(config, 'https://other.example')).toEqual({
      base: 'https://bank.example/gateway',
      path: '/gateway',
      isSecure: true,
    });
    expect(pageAddress(configWith({}), 'http://127.0.0.1:8080')).toMatchObject({ path: '', isSecure: false });
    expect(approvalPageUrl('https://bank.example', 'a/b?c')).toBe(
      'https://bank.example/approvals/a%2Fb%3Fc/page',
    );
  });
});
