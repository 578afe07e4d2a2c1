import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { personalCard, sharedCard } from '../../apps/approval/teams/approval-card.js';
import { type Browser, startBrowser } from '../e2e/support/browser.js';
import { openStage, type Stage } from '../e2e/support/stage.js';
import { emergencyOf, grantedInEmergency, viewWith } from './approval-view.fixture.js';

const PAGE = 'https://gateway.bank.example/approvals/a/page';
const RENDERER = createRequire(import.meta.url).resolve('adaptivecards/dist/adaptivecards.min.js');
/** Sizes and colours as Teams has them, as far as the renderer takes them. */
const HOST = {
  spacing: { small: 8, default: 12, medium: 16, large: 20, extraLarge: 24, padding: 16 },
  fontTypes: {
    default: { fontFamily: 'Segoe UI, sans-serif' },
    monospace: { fontFamily: 'Consolas, monospace' },
  },
  fontSizes: { small: 12, default: 14, medium: 16, large: 18, extraLarge: 24 },
  actions: { maxActions: 6, actionsOrientation: 'Horizontal', actionAlignment: 'Left', buttonSpacing: 8 },
  containerStyles: {
    emphasis: { backgroundColor: '#F0F0F0' },
    good: { backgroundColor: '#E7F2DA' },
    attention: { backgroundColor: '#F9E9E9' },
    warning: { backgroundColor: '#FBF6D9' },
  },
};

let stage: Stage;
let browser: Browser;
beforeAll(async () => {
  stage = await openStage();
  browser = await startBrowser(stage);
}, 60_000);
afterAll(() => stage.close(), 30_000);

/** A page that shows the card as wide as Teams does, and what the renderer finds wrong with it. */
const pageOf = async (card: object): Promise<string> => {
  const script = `const card = new AdaptiveCards.AdaptiveCard();
card.hostConfig = new AdaptiveCards.HostConfig(${JSON.stringify(HOST)});
const context = new AdaptiveCards.SerializationContext();
card.parse(${JSON.stringify(card).replaceAll('<', '\\u003c')}, context);
window.problems = [
  ...Array.from({ length: context.eventCount }, (_, at) => context.getEventAt(at).message),
  ...card.validateProperties().validationEvents.map(({ message }) => message),
];
document.querySelector('main').append(card.render());`;
  const renderer = (await readFile(RENDERER, 'utf8')).replaceAll('</script', '<\\/script');
  return `<!doctype html><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>card</title><style>body { margin: 0 } main { width: 360px }
.ac-pushButton, .ac-input { font: inherit } .ac-input { width: 100% }</style><main></main>
<script>${renderer}</script><script>${script}</script>`;
};

const long = 'x'.repeat(300);
const ownWith = (changes: Partial<Parameters<typeof personalCard>[0]>) =>
  personalCard({ item: viewWith(), url: PAGE, obstacle: undefined, ...changes });
const cards: readonly (readonly [string, object])[] = [
  ['of a conversation', sharedCard(viewWith(), PAGE)],
  ['of a conversation, denied', sharedCard(viewWith({ status: 'denied' }), PAGE)],
  ['of a person', ownWith({})],
  ['of a person whose vote was refused', ownWith({ refusal: { code: 'reason_missing' } })],
  [
    'of a person who can act in an emergency',
    ownWith({
      item: viewWith(emergencyOf({ by: 'ina.operator', reason: 'core down' })),
      mayBreakGlass: true,
      obstacle: 'You may look at it. These roles may vote: manager.',
    }),
  ],
  ['of a conversation, after an emergency', sharedCard(viewWith(grantedInEmergency()), PAGE)],
  [
    'of a person who reviews',
    ownWith({ item: viewWith(grantedInEmergency()), mayReview: true, obstacle: 'It is decided.' }),
  ],
  [
    'with words without an end',
    personalCard({
      item: viewWith({
        ...{ server: long, tool: long, arguments: { long, [long]: long } },
        requester: { ...viewWith().requester, principal: long, agent: long, client: long },
        reasons: [{ id: 'R-1', says: long }],
      }),
      url: PAGE,
      obstacle: undefined,
    }),
  ],
];

it.each(cards)(
  'the card %s is drawn by the renderer of Microsoft, whole and within its width',
  async (_, card) => {
    const file = join(stage.folder, 'card.html');
    await writeFile(file, await pageOf(card));
    const tab = await browser.tab();
    await tab.open(pathToFileURL(file).href);
    await tab.look({ width: 360 });
    expect(await tab.evaluate('window.problems')).toEqual([]);
    expect(await tab.evaluate('document.documentElement.scrollWidth')).toBe(360);
    const text = await tab.text();
    expect(text).toContain('Why it waits');
    for (const { title } of (card as { actions: { title: string }[] }).actions) expect(text).toContain(title);
    expect((await tab.screenshot()).length).toBeGreaterThan(5_000);
  },
);
