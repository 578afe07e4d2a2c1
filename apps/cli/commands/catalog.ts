import { readFileSync } from 'node:fs';
import { visibleJson } from '#core/catalog/definition-difference.js';
import type { Json } from '#core/evidence/canonical-json.js';
import {
  type Command,
  EXIT_FINE,
  InputError,
  type Invocation,
  requiredOption,
  textOption,
  UsageError,
} from '../command.js';
import { printJson, table } from '../print.js';
import { openApi, query, SERVER_OPTIONS, serverHelp } from '../server/api.js';
import type { Page } from './calls.js';

interface CatalogItem {
  readonly server: string;
  readonly kind: string;
  readonly name: string;
  readonly state: string;
  readonly why: string | null;
  readonly digest: string | null;
  readonly pinned: string | null;
  readonly votes: readonly { readonly approver: string; readonly reason: string }[];
  readonly stillNeeded: number;
}

interface CatalogDetail extends CatalogItem {
  readonly definition: { readonly pinned: Json; readonly listed: Json };
  readonly difference: readonly { readonly at: string; readonly pinned?: Json; readonly listed?: Json }[];
}

const USER = 'operator';

export const catalog: Command = {
  help: [
    'usage: countersign catalog [list] [--upstream NAME] [--state STATE] [--limit N] [--cursor C] [--json]',
    '       countersign catalog show UPSTREAM KIND NAME [--json]',
    '       countersign catalog approve UPSTREAM KIND NAME --digest DIGEST [--reason TEXT] [--json]',
    '       countersign catalog approve UPSTREAM --from FILE [--reason TEXT] [--json]',
    '',
    'What the servers list, and what of it is approved. Only approved definitions are shown to agents and can be called.',
    '  KIND             tools, prompts, resourceTemplates or resources',
    '  --upstream NAME  of one server only',
    '  --state STATE    held (default), new, pinned, drifted, returned, missing, collided or all',
    '  --digest DIGEST  the one that "show" prints: it binds your approval to exactly that definition',
    '  --from FILE      approves what "catalog list --json" wrote into FILE, once you have read it',
    '  show exits with 1 when the entry is held. Where several people must approve (catalog.repin_approvals), "approve" of each of',
    '  them counts once, and the answer says how many more are needed.',
    serverHelp(USER),
  ].join('\n'),
  options: {
    ...SERVER_OPTIONS,
    ...Object.fromEntries(
      ['upstream', 'state', 'limit', 'cursor', 'digest', 'reason', 'from'].map((name) => [
        name,
        { type: 'string' as const },
      ]),
    ),
  },
  positionals_max: 4,
  run: (invocation) => {
    const [verb = 'list', ...words] = invocation.positionals;
    switch (verb) {
      case 'list':
        return list(invocation, words);
      case 'show':
        return show(invocation, words);
      case 'approve':
        return textOption(invocation, 'from') === undefined
          ? approve(invocation, words)
          : approveMany(invocation, words);
      default:
        throw new UsageError(`"${verb}": expected list, show or approve`);
    }
  },
};

const EXIT_HELD = 1;

const list = async (invocation: Invocation, words: readonly string[]): Promise<number> => {
  requireWords(words, []);
  const state = textOption(invocation, 'state') ?? 'held';
  const api = await openApi(invocation, USER);
  const path = `/catalog${query({
    server: textOption(invocation, 'upstream'),
    state: state === 'all' ? undefined : state,
    limit: textOption(invocation, 'limit'),
    cursor: textOption(invocation, 'cursor'),
  })}`;
  const page = await api.get<Page<CatalogItem>>(path);
  if (invocation.values['json'] === true) printJson(page);
  else console.log(listText(page));
  return EXIT_FINE;
};

const show = async (invocation: Invocation, words: readonly string[]): Promise<number> => {
  const path = entryPath(words);
  const api = await openApi(invocation, USER);
  const item = await api.get<CatalogDetail>(path);
  print(invocation, item);
  return item.state === 'pinned' ? EXIT_FINE : EXIT_HELD;
};

const approve = async (invocation: Invocation, words: readonly string[]): Promise<number> => {
  const path = entryPath(words);
  const digest = requiredOption(invocation, 'digest', 'copy it from "countersign catalog show"');
  const api = await openApi(invocation, USER);
  print(invocation, await api.post<CatalogDetail>(`${path}/approve`, { digest, ...reasonOf(invocation) }));
  return EXIT_FINE;
};

const approveMany = async (invocation: Invocation, words: readonly string[]): Promise<number> => {
  requireWords(words, ['UPSTREAM']);
  const [server = ''] = words;
  const entries = reviewed(textOption(invocation, 'from') ?? '', server);
  const api = await openApi(invocation, USER);
  const page = await api.post<Page<CatalogItem>>('/catalog/approvals', {
    server,
    entries,
    ...reasonOf(invocation),
  });
  if (invocation.values['json'] === true) printJson(page);
  else console.log(listText(page));
  return EXIT_FINE;
};

/** The entries of one server in a file that `catalog list --json` wrote. @throws InputError */
const reviewed = (file: string, server: string): readonly object[] => {
  let items: unknown;
  try {
    items = (JSON.parse(readFileSync(file, 'utf8')) as { items?: unknown }).items;
  } catch {
    throw new InputError(`${file} cannot be read as JSON. Write it with "countersign catalog --json".`);
  }
  const entries = (Array.isArray(items) ? (items as CatalogItem[]) : [])
    .filter((item) => item.server === server && item.digest !== null)
    .map(({ kind, name, digest }) => ({ kind, name, digest }));
  if (entries.length === 0) throw new InputError(`${file} holds no entry of ${server}.`);
  return entries;
};

const reasonOf = (invocation: Invocation) => {
  const reason = textOption(invocation, 'reason');
  return reason === undefined ? {} : { reason };
};

const entryPath = (words: readonly string[]): string => {
  requireWords(words, ['UPSTREAM', 'KIND', 'NAME']);
  return `/catalog/${words.map(encodeURIComponent).join('/')}`;
};

/** @throws UsageError */
const requireWords = (words: readonly string[], expected: readonly string[]): void => {
  const missing = expected[words.length];
  if (missing !== undefined) throw new UsageError(`${missing} is missing`);
  const surplus = words[expected.length];
  if (surplus !== undefined) throw new UsageError(`"${surplus}" is one word too many`);
};

const print = (invocation: Invocation, item: CatalogDetail): void => {
  if (invocation.values['json'] === true) printJson(item);
  else console.log(detailText(item));
};

/** Names and definitions are the server's text: nothing of them reaches the terminal unescaped. */
const shown = (name: string): string => (/^[\x21-\x7e]+$/.test(name) ? name : visibleJson(name));

const listText = ({ items, next }: Page<CatalogItem>): string => {
  if (items.length === 0) return 'nothing';
  const rows = items.map(({ server, kind, name, state, why, votes, stillNeeded }) => [
    server,
    kind,
    shown(name),
    state,
    (why ?? '') + (votes.length === 0 ? '' : `; ${votes.length} approved, ${stillNeeded} more needed`),
  ]);
  const more = next === null ? [] : ['', `more: --cursor ${next}`];
  return [table([['UPSTREAM', 'KIND', 'NAME', 'STATE', 'WHY'], ...rows]), ...more].join('\n');
};

const detailText = ({
  server,
  kind,
  name,
  state,
  why,
  digest,
  definition,
  difference,
  votes,
  stillNeeded,
}: CatalogDetail): string =>
  [
    `${server} ${kind} ${shown(name)}: ${state}${why === null ? '' : `, ${why}`}`,
    ...(digest === null ? [] : [`  digest     ${digest}`]),
    ...votes.map(
      ({ approver, reason }) =>
        `  approved   by ${visibleJson(approver)}${reason === '' ? '' : `: ${visibleJson(reason)}`}`,
    ),
    ...(stillNeeded > 0 ? [`  needed     ${stillNeeded} more of the operators`] : []),
    ...(difference.length === 0 ? wholeText(definition) : difference.flatMap(differenceText)),
  ].join('\n');

const wholeText = ({ pinned, listed }: CatalogDetail['definition']): readonly string[] =>
  Object.entries((listed ?? pinned ?? {}) as { [member: string]: Json }).map(
    ([member, value]) => `    ${visibleJson(member)}: ${visibleJson(value)}`,
  );

const differenceText = ({ at, pinned, listed }: CatalogDetail['difference'][number]): readonly string[] => [
  `  at ${visibleJson(at)}`,
  ...(pinned === undefined ? [] : [`    - ${visibleJson(pinned)}`]),
  ...(listed === undefined ? [] : [`    + ${visibleJson(listed)}`]),
];
