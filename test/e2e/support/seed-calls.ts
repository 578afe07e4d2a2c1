import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { buildAppend, type EventToRecord } from '#core/evidence/build-append.js';
import { canonicalJson } from '#core/evidence/canonical-json.js';
import type { DomainEvent } from '#core/evidence/entry.js';
import { openSqliteEventStore } from '#event-store/sqlite/open-sqlite-event-store.js';
import { loadOrCreateSealingKey } from '#sealing/file-keys.js';
import { createSealer } from '#sealing/sealer.js';

const AT_ONCE = 250;

/** Writes so many finished calls straight into the store of a gateway that is not started yet. Call n asks for customer S-n. */
export const seedCalls = async (data: string, count: number): Promise<void> => {
  await mkdir(data, { recursive: true });
  const { kid, publicKey } = await loadOrCreateSealingKey(join(data, 'keys'));
  const sealer = await createSealer(kid, publicKey);
  const store = await openSqliteEventStore({ file: join(data, 'events.db') });
  const caller = {
    principal: 'seeded',
    issuer: 'https://id',
    subject: 's',
    client: 'seeder',
    groups: [],
    token: {},
  };
  const write = async (n: number): Promise<void> => {
    const id = randomUUID();
    const payloadOf = (value: object) => sealer.seal(Buffer.from(canonicalJson(value as never)));
    const event = (type: string, body: object, sealed?: object): EventToRecord => {
      if (sealed === undefined) return { event: { type, v: 1, data: body } as DomainEvent };
      const { sealed: attachment, payload } = payloadOf(sealed);
      return { event: { type, v: 1, data: body, payload } as unknown as DomainEvent, attachment };
    };
    const decision = {
      approval: null,
      effect: 'allow',
      engine: 'policy-1',
      kind: 'read',
      operation: 'o',
      roles: [],
      rules: ['S-1'],
    };
    const command = buildAppend(
      {
        stream: `call-${id}`,
        expected: -1,
        time: new Date(Date.UTC(2026, 0, 1) + n * 1_000).toISOString(),
        actor: { kind: 'service', service: 'ingress', instance: 'seed' },
        correlation: id,
        causation: id,
        newId: randomUUID,
      },
      [
        event(
          'CallRequested',
          {
            caller,
            agent: null,
            endpoint: '/mcp/s',
            protocol: '2025-11-25',
            server: 's',
            tool: '=get',
            toolDigest: null,
          },
          { name: '=get', arguments: { customer_id: `S-${n}` } },
        ),
        event('CallDecided', { decision, policyDigest: `sha256:${'0'.repeat(64)}`, profileDigest: null }),
        event('ForwardIntended', { server: 's', instance: 'seed', deadline_ms: 1_000, approvalId: null }),
        event('CallReturned', { kind: 'result', elapsed_us: 1 }, { structuredContent: { id: `S-${n}` } }),
        event('ResultMasked', {
          counts: {},
          engine: 'm',
          surface: 'result',
          blocked: false,
          profileDigest: null,
        }),
        event('CallCompleted', { outcome: 'result' }),
      ],
    );
    await store.append(command.stream, -1, command.events);
  };
  for (let n = 0; n < count; n += AT_ONCE) {
    const numbers = Array.from({ length: Math.min(AT_ONCE, count - n) }, (_, at) => n + at);
    // One after the other in store order, in few transactions.
    await Promise.all(numbers.map(write));
  }
  await store.close();
};
