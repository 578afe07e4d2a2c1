export type EventIndexRequest =
  | { readonly op: 'progress' }
  | {
      readonly op: 'add';
      readonly events: readonly { readonly id: string; readonly position: string }[];
      /** Where the page began and ended. */
      readonly after: string | null;
      readonly scannedTo: string;
    }
  | { readonly op: 'find'; readonly id: string }
  | { readonly op: 'close' };
