import { Inject, Injectable } from '@nestjs/common';
import type { Json } from '#core/evidence/canonical-json.js';
import { type RestCaller, requireRole } from '#http/rest-caller.js';
import { Ledger } from '../ledger.js';
import { recordRead } from '../record-read.js';

/**
 * Who reads what: examiners records with what was sent and answered; auditors the same without it (who, when, decision,
 * proofs, verdicts); operators only the state of the machinery.
 */
export type Reader = 'examiner' | 'auditor' | 'operator';
export type ReadingRoles = { readonly [reader in Reader]: readonly string[] };
export const READING_ROLES = Symbol('READING_ROLES');

/** Every read is itself recorded before anything is shown, a refused one too (promise G6). */
@Injectable()
export class Reading {
  constructor(
    @Inject(Ledger) private readonly ledger: Ledger,
    @Inject(READING_ROLES) private readonly roles: ReadingRoles,
  ) {}

  is(caller: RestCaller, reader: Reader): boolean {
    return caller.roles.some((role) => this.roles[reader].includes(role));
  }

  /**
   * Answers the position of the record.
   * @param query what is asked for; never a value of a customer
   * @throws CountersignError forbidden, when the caller is none of the readers
   */
  async record(
    caller: RestCaller,
    readers: readonly Reader[],
    what: string,
    query: { readonly [name: string]: unknown },
  ): Promise<bigint> {
    const allowed = readers.some((reader) => this.is(caller, reader));
    const asked = query as { readonly [name: string]: Json | undefined };
    const position = await recordRead(this.ledger, caller, { what, query: asked, allowed });
    requireRole(caller, [...new Set(readers.flatMap((reader) => this.roles[reader]))]);
    return position;
  }
}
