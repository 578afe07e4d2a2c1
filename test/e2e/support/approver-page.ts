import type { Tab } from './browser.js';
import type { System } from './system.js';

export const pageOf = ({ urls }: System, approvalId: string): string =>
  `${urls.approval}/approvals/${approvalId}/page`;

/** Opens the page of an approval, or the inbox, and signs in where the development issuer asks who to be. */
export const signInAs = async (tab: Tab, url: string, user: string): Promise<void> => {
  await tab.open(url, /\/interaction\//);
  await tab.click(`button[value="${user}"]`, new RegExp(`^${url.replace(/[?/.]/g, '\\$&')}$`));
};
