/** What is known of a client besides what it declares. By the name it gives itself: a hint for comfort, never a ground to allow. */
export interface ClientQuirk {
  /** `clientInfo.name` begins with this, or has it anywhere. */
  readonly name: string;
  readonly anywhere?: true;
  /** It does not come back with a `requestState` alone, so rounds would end its call with an error. */
  readonly noRounds?: true;
  /** It waits for minutes: always, or as long as it is told of progress. */
  readonly waitsLong?: 'always' | 'with progress';
  /** Where that was seen; shown in docs/clients.md. */
  readonly source: string;
}

/** All rows that fit count; of their waits the first. Names as in the npm package mcp-client-capabilities 0.0.14. */
export const CLIENT_QUIRKS: readonly ClientQuirk[] = [
  {
    name: 'claude-ai',
    noRounds: true,
    source:
      'shows an error at a state-only round (claude-ai-mcp 1027); ends a call after 60 s (claude-ai-mcp 115)',
  },
  {
    name: 'claude-code',
    waitsLong: 'with progress',
    source: 'gives a remote server up after 300 s without progress (since 2.1.187)',
  },
  { name: 'Codex', waitsLong: 'always', source: 'waits 300 s (openai/codex 28234)' },
  { name: 'codex-mcp-client', waitsLong: 'always', source: 'waits 300 s (openai/codex 28234)' },
  { name: 'cursor', waitsLong: 'always', source: 'ends a call after 5 minutes (cursor 3510)' },
  {
    name: 'Visual Studio Code',
    waitsLong: 'always',
    source: 'needs headers within 5 minutes, which it gets at once (vscode 274094)',
  },
  {
    name: 'Visual-Studio-Code',
    waitsLong: 'always',
    source: 'needs headers within 5 minutes, which it gets at once (vscode 274094)',
  },
  {
    name: '(via mcp-remote',
    anywhere: true,
    noRounds: true,
    source:
      'goes on in rounds when its own client has given up after 60 s, so that nobody gets the result (0.15.1, measured)',
  },
];

export const quirksOf = (name: string | undefined): readonly ClientQuirk[] =>
  name === undefined
    ? []
    : CLIENT_QUIRKS.filter((quirk) =>
        quirk.anywhere ? name.includes(quirk.name) : name.startsWith(quirk.name),
      );
