import { maskingMask } from '#contracts/masking.js';
import type { MessageReleased } from '#core/call/call.events.js';
import { canonicalJson, type JsonObject } from '#core/evidence/canonical-json.js';
import { countsByKind } from '#core/masking/masked-payload.js';
import type { Progress } from '#mcp/upstream/upstream.types.js';
import type { Gateway } from '../gateway.js';
import type { Decided } from './decide.js';
import type { Exchange } from './exchange.js';
import type { ForwardedCall } from './forwarded-call.js';
import { toRecord } from './record.js';

/** More from one call is dropped: progress and log lines are a service, not a result. */
const MESSAGES_MAX = 200;

/**
 * What an upstream says while it works: log messages, and progress with a text. Each is masked and on record before the
 * client sees it (promise G2), in the order in which it came; one that cannot be masked or recorded is dropped. Progress
 * without a text is numbers only and goes straight on.
 */
export class Messages {
  private count = 0;
  private last: Promise<void> = Promise.resolve();

  constructor(
    private readonly gateway: Gateway,
    private readonly decided: Decided,
    private readonly forwarded: ForwardedCall,
    private readonly exchange: Exchange,
  ) {}

  progress(progress: Progress): void {
    const { message, ...numbers } = progress;
    if (message === undefined) {
      this.exchange.progress(numbers);
      return;
    }
    this.release('notifications/progress', { message }, (masked) => {
      const text = masked['message'];
      this.exchange.progress(typeof text === 'string' ? { ...numbers, message: text } : numbers);
    });
  }

  notification(method: string, params: JsonObject): void {
    if (method !== 'notifications/message') return;
    this.release(method, params, (masked) => this.exchange.notify(method, masked));
  }

  /** Fulfils when everything said so far has been released or dropped. */
  released(): Promise<void> {
    return this.last;
  }

  private release(method: string, params: JsonObject, show: (masked: JsonObject) => void): void {
    if (++this.count > MESSAGES_MAX) return;
    this.last = this.last
      .then(() => this.releaseOne(method, params, show))
      .catch((error: { code?: unknown }) => {
        this.gateway.logger.warn({ method, code: error.code }, 'a message of an upstream was dropped');
      });
  }

  private async releaseOne(
    method: string,
    params: JsonObject,
    show: (masked: JsonObject) => void,
  ): Promise<void> {
    const { gateway, decided } = this;
    const body = Buffer.from(canonicalJson(params));
    const { masked, findings, blocked, engine } = await gateway.bus.request(maskingMask, {
      body,
      surface: 'arguments',
      profile: decided.decision.profile,
    });
    const { sealed, payload } = gateway.sealer().seal(body);
    const { profileDigest } = decided;
    const event: MessageReleased = {
      type: 'MessageReleased',
      v: 1,
      data: { blocked, counts: countsByKind(findings), engine, method, profileDigest },
      payload,
    };
    await this.forwarded.record([toRecord(event, sealed)]);
    if (!blocked) show(JSON.parse(Buffer.from(masked).toString('utf8')) as JsonObject);
  }
}
