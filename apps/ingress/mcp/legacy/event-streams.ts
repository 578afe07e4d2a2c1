import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { CountersignError } from '#core/errors.js';
import type { Digest } from '#core/hash.js';
import { sseMessage } from '#mcp/sse.js';
import { SSE_HEADERS } from '../sse-headers.js';

/** What was sent on the response stream of one request, kept so that the client can take it up again. */
export interface EventStream {
  /** The first event: an id and no data, so that a client has something to resume from (MCP 2025-11-25 basic/transports). */
  open(): Uint8Array;
  /** The SSE event that carries this message. */
  add(frame: Uint8Array): Uint8Array;
  end(): void;
}

interface Kept {
  readonly owner: Digest;
  readonly events: Uint8Array[];
  bytes: number;
  ended: boolean;
  /** A connection that took the stream up again. */
  taker: ServerResponse | undefined;
}

const STREAMS_MAX = 4_096;
const STREAM_BYTES_MAX = 8 * 1024 * 1024;
const ALL_BYTES_MAX = 256 * 1024 * 1024;
const KEPT_MS = 5 * 60_000;
const RETRY_MS = 1_000;
const EVENT_ID = /^([0-9a-f-]{36})_(\d{1,9})$/;

/**
 * Resumable response streams of legacy sessions. In memory of this replica: a load balancer has to keep a session at one
 * replica for this; elsewhere the id is not known and the client is told so.
 */
export class EventStreams {
  private readonly streams = new Map<string, Kept>();
  private bytes = 0;

  create(owner: Digest): EventStream {
    const id = randomUUID();
    const kept: Kept = { owner, events: [], bytes: 0, ended: false, taker: undefined };
    const keep = (message: Uint8Array): Uint8Array => {
      if (kept.bytes + message.length <= STREAM_BYTES_MAX) {
        kept.events.push(message);
        kept.bytes += message.length;
        this.bytes += message.length;
      }
      if (kept.taker !== undefined && !kept.taker.destroyed) kept.taker.write(message);
      return message;
    };
    const nextId = () => `${id}_${kept.events.length}`;
    return {
      open: () => {
        this.makeRoom();
        this.streams.set(id, kept);
        return keep(sseMessage(new Uint8Array(0), { id: nextId(), retry_ms: RETRY_MS }));
      },
      add: (frame) => keep(sseMessage(frame, { id: nextId() })),
      end: () => {
        kept.ended = true;
        kept.taker?.end();
        setTimeout(() => this.forget(id), KEPT_MS).unref();
      },
    };
  }

  /**
   * Goes on where a client stopped reading.
   * @throws CountersignError not_found for an id of somebody else, of another replica, or too old
   */
  resume(owner: Digest, lastEventId: string, response: ServerResponse): void {
    const [, id = '', seen = ''] = EVENT_ID.exec(lastEventId) ?? [];
    const kept = this.streams.get(id);
    if (kept === undefined || kept.owner !== owner)
      throw new CountersignError('not_found', 'Last-Event-ID names no stream of this session');
    kept.taker?.end();
    response.writeHead(200, SSE_HEADERS);
    response.flushHeaders();
    for (const event of kept.events.slice(Number(seen) + 1)) response.write(event);
    if (kept.ended) response.end();
    else kept.taker = response;
  }

  private makeRoom(): void {
    for (const id of this.streams.keys()) {
      if (this.streams.size < STREAMS_MAX && this.bytes < ALL_BYTES_MAX) return;
      this.forget(id);
    }
  }

  private forget(id: string): void {
    this.bytes -= this.streams.get(id)?.bytes ?? 0;
    this.streams.delete(id);
  }
}
