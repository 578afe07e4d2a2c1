import { type Import, importsOf } from './imports.js';
import { file, type Rule } from './rule.js';
import { codeOf, isTest, isTypeScript, matches, type SourceFile } from './source-file.js';

const unitOf = (path: string): string => path.split('/').slice(0, 2).join('/');
const among = (path: string, ...folders: readonly string[]): boolean =>
  folders.some((folder) => path.startsWith(`${folder}/`));

/** Every import of a file that `isWrong`, told as "path:line: imports x: why". */
const imports = (source: SourceFile, why: string, isWrong: (found: Import) => boolean): readonly string[] =>
  isTypeScript(source.path)
    ? importsOf(source)
        .filter(isWrong)
        .map(({ line, specifier }) => `${source.path}:${line}: imports ${specifier}: ${why}`)
    : [];

const isNest = (specifier: string): boolean =>
  /^(?:@nestjs\/|class-validator$|class-transformer$|reflect-metadata$)/.test(specifier);

/** Clocks, chance, waiting and input: what makes the same input give another answer tomorrow. */
const IMPURE = new RegExp(
  [
    /\bDate\.now\b/,
    /\bnew Date\(\s*\)/,
    /\bMath\.random\b/,
    /\brandomUUID\b/,
    /\bperformance\.now\b/,
    /\bset(?:Timeout|Interval|Immediate)\b/,
    /\b(?:await|async)\b/,
    /\bprocess\.\w+/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'g',
);

export const IMPORT_RULES: readonly Rule[] = [
  {
    says: 'libs/core imports only libs/core',
    check: (source) =>
      among(source.path, 'libs/core') && !isTest(source.path)
        ? imports(
            source,
            'the core stands alone',
            ({ target }) => target === undefined || !target.startsWith('libs/core/'),
          )
        : [],
    bad: [
      file('libs/core/x.ts', "import { readFile } from 'node:fs/promises';"),
      file('libs/core/x.ts', "import { z } from 'zod';"),
      file('libs/core/call/x.ts', "import type { Bus } from '#bus/bus.js';"),
    ],
  },
  {
    says: 'libs/core has no clock, no randomness, no waiting and no input',
    check: (source) =>
      among(source.path, 'libs/core') && !isTest(source.path)
        ? matches(
            source.path,
            codeOf(source.text),
            IMPURE,
            (found) => `${found} in the core; let the caller hand it in`,
          )
        : [],
    bad: [
      file('libs/core/x.ts', 'const now = Date.now();'),
      file('libs/core/x.ts', 'const now = new Date();'),
      file('libs/core/x.ts', 'await x();'),
    ],
  },
  {
    says: 'libs never import apps',
    check: (source) =>
      among(source.path, 'libs')
        ? imports(source, 'libs know no app', ({ target }) => target?.startsWith('apps/') === true)
        : [],
    bad: [file('libs/bus/x.ts', "import { Ledger } from '../../apps/ledger/ledger.js';")],
  },
  {
    says: 'apps never import apps, except standalone and cli',
    check: (source) =>
      among(source.path, 'apps') && !among(source.path, 'apps/standalone', 'apps/cli')
        ? imports(
            source,
            'services meet on the bus',
            ({ target }) => target?.startsWith('apps/') === true && unitOf(target) !== unitOf(source.path),
          )
        : [],
    bad: [file('apps/ingress/x.ts', "import { Ledger } from '../ledger/ledger.js';")],
  },
  {
    says: 'product code never imports test code',
    check: (source) =>
      isTest(source.path)
        ? []
        : imports(source, 'that is for tests', ({ target }) => target !== undefined && isTest(target)),
    bad: [
      file('apps/ingress/x.ts', "import { samples } from './call.samples.js';"),
      file('libs/bus/x.ts', "import { a } from '../../test/fake/a.js';"),
    ],
  },
  {
    says: 'only libs/bus reaches NATS',
    check: (source) =>
      among(source.path, 'libs/bus', 'test')
        ? []
        : imports(source, 'go through the bus', ({ specifier }) => /^(?:@nats-io\/|nats$)/.test(specifier)),
    bad: [file('apps/ledger/x.ts', "import { connect } from '@nats-io/transport-node';")],
  },
  {
    says: 'only apps/ledger reaches an event-store adapter',
    check: (source) =>
      among(source.path, 'apps/ledger', 'libs/event-store', 'test')
        ? []
        : imports(source, 'the ledger is the only writer', ({ target }) =>
            /^libs\/event-store\/(?:sqlite|kurrentdb)\//.test(target ?? ''),
          ),
    bad: [
      file(
        'apps/ingress/x.ts',
        "import { openSqliteEventStore } from '#event-store/sqlite/open-sqlite-event-store.js';",
      ),
    ],
  },
  {
    says: 'only apps/masking reaches private keys',
    check: (source) =>
      among(source.path, 'apps/masking', 'libs/sealing', 'test') || isTest(source.path)
        ? []
        : imports(source, 'only masking may open what is sealed', ({ target }) =>
            /^libs\/sealing\/(?:opener|file-keys)\.ts$/.test(target ?? ''),
          ),
    bad: [
      file('apps/ledger/x.ts', "import { createOpener } from '#sealing/opener.js';"),
      file('libs/http/x.ts', "const x = await import('#sealing/file-keys.js');"),
    ],
  },
  {
    says: 'only libs/upstream-auth is a client by the MCP SDK, and only apps/ingress holds credentials of upstreams',
    check: (source) =>
      among(source.path, 'libs/upstream-auth', 'apps/cli/demo', 'test') || isTest(source.path)
        ? []
        : imports(
            source,
            'frames are our own; credentials stay in the ingress',
            ({ specifier, target }) =>
              specifier.startsWith('@modelcontextprotocol/') ||
              (target?.startsWith('libs/upstream-auth/') === true && !among(source.path, 'apps/ingress')),
          ),
    bad: [
      file('libs/mcp/upstream/x.ts', "import { Client } from '@modelcontextprotocol/client';"),
      file('apps/ledger/x.ts', "import { openFileStore } from '#upstream-auth/store/file-store.js';"),
    ],
  },
  {
    says: 'Nest and its decorators stay at the edges: apps, libs/bus, libs/http, libs/service',
    check: (source) =>
      among(source.path, 'apps', 'libs/bus', 'libs/http', 'libs/service', 'test') || isTest(source.path)
        ? []
        : imports(
            source,
            'no framework here',
            ({ specifier, isTypeOnly }) => isNest(specifier) && !isTypeOnly,
          ),
    bad: [
      file('libs/jobs/x.ts', "import { Injectable } from '@nestjs/common';"),
      file('libs/contracts/x.ts', "import { IsString } from 'class-validator';"),
    ],
  },
];
