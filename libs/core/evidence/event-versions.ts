import type { AlarmRaised } from '../alarm/alarm.events.js';
import type { ApprovalEvent } from '../approval/approval.events.js';
import type { PageSessionEnded } from '../approval/page-session.events.js';
import type { CallEvent } from '../call/call.events.js';
import type { ListShown, ServerDiscovered } from '../call/list.events.js';
import type { RequestRefused } from '../call/refusal.events.js';
import type { SessionEnded, SessionStarted } from '../call/session.events.js';
import type { CatalogEvent } from '../catalog/catalog.events.js';
import type { ServersConfigured } from '../catalog/servers.events.js';
import type { DelegationEvent } from '../delegation/delegation.events.js';
import type { DisclosureEvent } from '../disclosure/disclosure.events.js';
import type { LogEvent } from '../log/log.events.js';
import type { NoticeEvent } from '../notice/notice.events.js';
import type { PolicyEvent } from '../policy/policy.events.js';
import type { ProposalEvent } from '../policy/proposal/proposal.events.js';
import type { ConsentEvent } from '../upstream/consent.events.js';
import type { ReadEvent } from './read.events.js';

/** Everything that is ever written to the ledger. */
export type LedgerEvent =
  | AlarmRaised
  | ApprovalEvent
  | CallEvent
  | CatalogEvent
  | ConsentEvent
  | DelegationEvent
  | DisclosureEvent
  | ListShown
  | LogEvent
  | NoticeEvent
  | PageSessionEnded
  | PolicyEvent
  | ProposalEvent
  | ReadEvent
  | RequestRefused
  | ServerDiscovered
  | ServersConfigured
  | SessionEnded
  | SessionStarted;

/** The version of each event type that this release writes and that its readers work with. */
export const EVENT_VERSIONS: {
  readonly [Type in LedgerEvent['type']]: Extract<LedgerEvent, { readonly type: Type }>['v'];
} = {
  AlarmRaised: 1,
  ApprovalDenied: 1,
  ApprovalEscalated: 1,
  ApprovalExpired: 1,
  ApprovalGranted: 1,
  ApprovalReminded: 1,
  ApprovalRequested: 1,
  ApprovalReviewed: 1,
  ApprovalVoted: 1,
  ApprovalWithdrawn: 1,
  BreakGlassInvoked: 1,
  CallCancelled: 1,
  CallCompleted: 1,
  CallContinued: 1,
  CallDecided: 1,
  CallDenied: 1,
  CallFailed: 1,
  CallHeld: 1,
  CallOutcomeUnknown: 1,
  CallRepeated: 1,
  CallRequested: 1,
  CallReturned: 1,
  CatalogEntryHeld: 1,
  CatalogEntryPinned: 1,
  CatalogEntryRemoved: 1,
  CatalogEntryVoted: 1,
  CheckpointCosigned: 1,
  CheckpointRecorded: 1,
  CheckpointTimestamped: 1,
  DelegationGranted: 1,
  DelegationRevoked: 1,
  DelegationUsed: 1,
  DisclosureDenied: 1,
  DisclosureGranted: 1,
  DisclosureOpened: 1,
  DisclosureRequested: 1,
  DisclosureVoted: 1,
  ForwardIntended: 1,
  GrantRevoked: 1,
  GrantUsed: 1,
  HoldEnded: 1,
  InputAnswered: 1,
  InputRequested: 1,
  LedgerRead: 1,
  LedgerReadRefused: 1,
  ListShown: 1,
  MessageReleased: 1,
  NoticeFailed: 1,
  NoticeIntended: 1,
  NoticeSent: 1,
  PageSessionEnded: 1,
  PolicyActivated: 1,
  PolicyProposalApproved: 1,
  PolicyProposalDenied: 1,
  PolicyProposalExpired: 1,
  PolicyProposalSuperseded: 1,
  PolicyProposalVoted: 1,
  PolicyProposalWithdrawn: 1,
  PolicyProposed: 1,
  PolicyRecorded: 1,
  RequestRefused: 1,
  ResultMasked: 1,
  ReviewOverdue: 1,
  ReviewRequired: 1,
  ServerDiscovered: 1,
  ServersConfigured: 1,
  SessionEnded: 1,
  SessionStarted: 1,
  UpstreamConsentGranted: 1,
  UpstreamConsentRefused: 1,
  UpstreamConsentRequested: 1,
  UpstreamConsentRevoked: 1,
};
