/** The example of docs/policy.md; a test compares the two. */
export const BRANCH = `policy: 1
name: branch
default: deny
roles:
  clerk: { groups: [CLERKS] }
operations:
  documents.use:
    kind: read
    tools: [documents/search]
    prompts: [documents/summarise]
  statements.read:
    kind: read
    resources:
      - documents/file:///statements/*          # everything below, and any listed template that begins so
  minutes.read: { kind: read, resources: [documents/file:///board/minutes.md] }
  documents.ask: { kind: read, methods: [documents/elicitation/create, documents/logging/setLevel] }
rules:
  - id: B-1
    says: Clerks may search and summarise documents and read statements, and the server may ask them back.
    roles: [clerk]
    allow: [documents.use, statements.read, documents.ask]
  - id: B-2
    says: Nobody reads secret statements.
    roles: any
    deny: [statements.read]
    when: { args.uri: { startsWith: "file:///statements/secret/" } }
  - id: B-3
    says: Nobody reads the minutes of the board.
    roles: any
    deny: [minutes.read]
tests:
  - { as: clerk, call: documents/search, expect: allow B-1 }
  - { as: clerk, prompt: documents/summarise, args: { language: en }, expect: allow B-1 }
  - { as: clerk, resource: "documents/file:///statements/2026/11.csv", expect: allow B-1 }
  - { as: clerk, resource: "documents/file:///statements/secret/11.csv", expect: deny B-2 }
  - { as: clerk, resource: "documents/file:///board/minutes.md", expect: deny B-3 }
  - { as: clerk, resource: "documents/file:///elsewhere", expect: deny }
  - { as: clerk, method: documents/elicitation/create, expect: allow B-1 }
  - { as: clerk, method: documents/logging/setLevel, args: { level: debug }, expect: allow B-1 }
`;
