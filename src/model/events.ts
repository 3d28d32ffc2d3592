/**
 * Domain events: what happened, as facts with ids and counts. Logs, metrics, live pages and alerts are listeners; nothing else writes logs.
 * Events never carry record values or secrets.
 */
export type DomainEvent =
  | {
      readonly type: 'RecordDiscovered'
      readonly entity: string
      readonly system: string
      readonly count: number
      readonly via: 'webhook' | 'poll' | 'full' | 'hand'
    }
  | {
      readonly type: 'RecordPromoted'
      readonly recordId: string
      readonly entity: string
      readonly system: string
    }
  | {
      readonly type: 'RecordLinked'
      readonly recordId: string
      readonly entity: string
      readonly system: string
      readonly rule: string
    }
  | {
      readonly type: 'MatchReviewRequested'
      readonly recordId: string
      readonly entity: string
      readonly candidates: number
    }
  | {
      readonly type: 'DecisionCommitted'
      readonly recordId: string
      readonly entity: string
      readonly rev: number
      readonly fields: readonly string[]
      readonly conflicts: number
    }
  | {
      readonly type: 'WriteSent'
      readonly recordId: string
      readonly entity: string
      readonly system: string
      readonly operation: string
      readonly intentId: string
    }
  | {
      readonly type: 'WriteSettled'
      readonly recordId: string
      readonly entity: string
      readonly system: string
      readonly operation: string
      readonly intentId: string
      readonly outcome: string
      readonly latencyMs: number
    }
  | {
      readonly type: 'RecordSettled'
      readonly recordId: string
      readonly entity: string
      readonly clean: boolean
      readonly latencyMs: number
    }
  /** A lane has a failure that a person sees. Told once a pass; who logs it tells a new one from one that goes on. */
  | {
      readonly type: 'FailureKept'
      readonly recordId: string
      readonly entity: string
      readonly system: string
      readonly operation: string
      readonly code: string
      readonly message: string
    }
  /** The failure of a lane is over; with a code only if it was that one. Also told of lanes that may have had none. */
  | {
      readonly type: 'FailureCleared'
      readonly recordId: string
      readonly system: string
      readonly code?: string
    }
  | {
      readonly type: 'LaneClosed'
      readonly recordId: string
      readonly entity: string
      readonly system: string
      readonly lane: string
      readonly reason: string
    }
  | {
      readonly type: 'ObservationRefused'
      readonly recordId: string
      readonly system: string
      readonly reason: string
    }
  | {
      readonly type: 'CoercionAccepted'
      readonly recordId: string
      readonly system: string
      readonly field: string
    }
  | {
      readonly type: 'OwnWriteResurfaced'
      readonly recordId: string
      readonly system: string
      readonly field: string
    }
  | {
      readonly type: 'WriteNotStored'
      readonly recordId: string
      readonly system: string
      readonly field: string
      /** It is sent once more; otherwise a person is told. */
      readonly again: boolean
    }
  | {
      readonly type: 'OscillationHeld'
      readonly recordId: string
      readonly system: string
      readonly field: string
    }
  | {
      readonly type: 'IntentInDoubt'
      readonly recordId: string
      readonly system: string
      readonly intentId: string
      readonly operation: string
    }
  | {
      readonly type: 'IntentResolved'
      readonly recordId: string
      readonly system: string
      readonly intentId: string
      readonly result: string
    }
  | { readonly type: 'DeletionSuspected'; readonly recordId: string; readonly system: string }
  | { readonly type: 'DeletionConfirmed'; readonly recordId: string; readonly system: string }
  | {
      /** A confirmed deletion waits for a decision about the record, for so many hours. */
      readonly type: 'DeletionWaits'
      readonly recordId: string
      readonly entity: string
      readonly system: string
      readonly hours: number
    }
  | {
      readonly type: 'ChangeHeld'
      readonly recordId: string
      readonly entity: string
      readonly system: string
      readonly kind: string
    }
  | {
      readonly type: 'MembersMerged'
      readonly recordId: string
      readonly survivorId: string
      readonly system: string
    }
  | {
      readonly type: 'SystemPaused'
      readonly system: string
      readonly reason: string
      readonly untilMs: number
    }
  | { readonly type: 'SystemResumed'; readonly system: string }
  | {
      readonly type: 'RunStarted'
      readonly runId: string
      readonly kind: string
      readonly system: string
      readonly entity: string
    }
  | {
      readonly type: 'RunProgressed'
      readonly runId: string
      readonly seen: number
      readonly expected?: number
    }
  | {
      readonly type: 'RunFinished'
      readonly runId: string
      readonly system: string
      readonly entity: string
      readonly complete: boolean
      readonly seen: number
      readonly created: number
      readonly changed: number
      readonly missing: number
      readonly reason?: string
    }
  | {
      readonly type: 'PollFinished'
      readonly system: string
      readonly entity: string
      readonly changed: number
    }
  | {
      readonly type: 'PollFailed'
      readonly system: string
      readonly entity: string
      readonly code: string
      /** What went wrong, in the system's words where it has any. */
      readonly message: string
    }
  | { readonly type: 'CursorExpired'; readonly system: string; readonly entity: string }
  | {
      readonly type: 'WebhookAccepted'
      readonly system: string
      readonly marks: number
      readonly duplicate: boolean
    }
  | { readonly type: 'WebhookRefused'; readonly system: string; readonly reason: string }
  | { readonly type: 'SubscriptionLost'; readonly system: string; readonly code: string }
  /** A system has changed the form of a resource's records; `fields` are those of the definition that are left alone there because of it. */
  | {
      readonly type: 'SchemaDrifted'
      readonly system: string
      readonly resource: string
      readonly differences: number
      readonly harmful: number
      readonly fields: readonly string[]
    }
  | { readonly type: 'WorkerFenced'; readonly recordId: string }
  | { readonly type: 'WorkerStarted'; readonly workerId: number }
  /** A definition was bound that differs from the one before; `changes` says in sentences what that means for records that are there. */
  | {
      readonly type: 'DefinitionBound'
      readonly version: string
      readonly previous: string
      readonly changes: readonly string[]
    }
  /** Another definition is bound than the one of this process: it claims, decides and schedules nothing more until it is started again. */
  | { readonly type: 'DefinitionSuperseded'; readonly version: string }
  | { readonly type: 'WorkerLost'; readonly workerId: number; readonly records: number }
  | { readonly type: 'StoreFailed'; readonly operation: string; readonly code: string }

/** Takes events; must not throw and must not block. */
export type EmitEvent = (event: DomainEvent) => void
