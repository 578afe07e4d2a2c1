/** How far an approval reaches beyond the call that asked for it, as the approvers are shown it. Absent = that call only. */
export interface GrantTerms {
  /** Calls that may run under it, the one that asked included. */
  readonly uses: number;
  /** Counted from the vote that grants it. */
  readonly for_s: number;
  /** Arguments that must be the same as in the call that asked. Sorted. */
  readonly same: readonly string[];
  /** What else must hold for the arguments of each call, in the words of the policy. Sorted. */
  readonly limits: readonly string[];
}

/** Terms as they are asked for; `key` is equal for all calls that one grant covers, and tells nothing of them. */
export interface GrantAsked extends GrantTerms {
  readonly key: string;
}
