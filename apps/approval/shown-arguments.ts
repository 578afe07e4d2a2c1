import { Inject, Injectable } from '@nestjs/common';
import { BUS, type Bus } from '#bus/bus.js';
import { maskingOpen } from '#contracts/masking.js';
import type { Listed } from './directory.js';

const REMEMBERED_MAX = 500;

/** The masked arguments of an approval, opened by the masking service when an approver looks. */
@Injectable()
export class ShownArguments {
  private readonly opened = new Map<string, unknown>();

  constructor(@Inject(BUS) private readonly bus: Bus) {}

  async of({ approvalId, shown, shownCommit }: Listed): Promise<unknown> {
    const known = this.opened.get(approvalId);
    if (known !== undefined) return known;
    const { bytes } = await this.bus.request(maskingOpen, {
      sealed: shown,
      commit: shownCommit,
      purpose: 'approval',
    });
    const { arguments: masked } = JSON.parse(Buffer.from(bytes).toString('utf8')) as { arguments: unknown };
    if (this.opened.size >= REMEMBERED_MAX) this.opened.delete(this.opened.keys().next().value ?? '');
    this.opened.set(approvalId, masked);
    return masked;
  }
}
