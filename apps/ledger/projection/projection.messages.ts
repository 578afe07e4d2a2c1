import type { CallFilter } from './projection.schema.js';

export type ProjectionRequest =
  | { readonly op: 'apply'; readonly events: readonly Uint8Array[]; readonly position: string }
  | { readonly op: 'position' }
  | { readonly op: 'list'; readonly filter: CallFilter }
  | { readonly op: 'open-calls' }
  | { readonly op: 'close' };

export type ProjectionReply =
  | { readonly n: number; readonly value: unknown }
  | { readonly n: number; readonly error: string };
