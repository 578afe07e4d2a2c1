import { Inject, Injectable } from '@nestjs/common';
import { BUS, type Bus } from '#bus/bus.js';
import { ledgerReadStream } from '#contracts/ledger.js';
import { maskingOpen } from '#contracts/masking.js';
import { approvalStream } from '#core/approval/approval.events.js';
import type { Listed } from '#core/approval/listed.js';

const REMEMBERED_MAX = 500;
const REMEMBERED_BYTES_MAX = 16 * 1024 * 1024;

interface Opened {
  readonly arguments: unknown;
  /** Of the text. */
  readonly size: number;
}

/** The masked arguments of an approval, opened by the masking service when an approver looks. */
@Injectable()
export class ShownArguments {
  private readonly opened = new Map<string, Opened>();
  private size = 0;

  constructor(@Inject(BUS) private readonly bus: Bus) {}

  async of({ approvalId, shownCommit }: Listed): Promise<unknown> {
    const known = this.opened.get(approvalId);
    if (known !== undefined) return known.arguments;
    const { events } = await this.bus.request(ledgerReadStream, { stream: approvalStream(approvalId) });
    const { bytes } = await this.bus.request(maskingOpen, {
      sealed: events[0]?.attachment ?? new Uint8Array(),
      commit: shownCommit,
      purpose: 'approval',
    });
    const { arguments: masked } = JSON.parse(Buffer.from(bytes).toString('utf8')) as { arguments: unknown };
    this.remember(approvalId, { arguments: masked, size: bytes.length });
    return masked;
  }

  /** Those that were looked at first make room. */
  private remember(approvalId: string, opened: Opened): void {
    // Two who look at the same time open it twice.
    this.forget(approvalId);
    this.opened.set(approvalId, opened);
    this.size += opened.size;
    while (this.opened.size > REMEMBERED_MAX || this.size > REMEMBERED_BYTES_MAX)
      this.forget(this.opened.keys().next().value ?? '');
  }

  private forget(approvalId: string): void {
    this.size -= this.opened.get(approvalId)?.size ?? 0;
    this.opened.delete(approvalId);
  }
}
