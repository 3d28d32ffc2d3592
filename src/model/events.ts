/** Domain events: what the engine reports to its listeners. */
import type { ErrorCode } from './error-codes.ts'
import type { RunReason } from './run-reasons.ts'

/** Properties of every event about one record. */
export interface RecordEvent {
  /** Id of the record in Isthmus. */
  readonly recordId: string
  /** Id of the pass that it happened in; the calls of the pass and the failures that it stores name the same one. @default none: no pass */
  readonly passId?: string
}

/** Properties of every event about one entity. */
export interface EntityEvent {
  /** Name of the entity in the definition. */
  readonly entity: string
}

/** Properties of every event about one system. */
export interface SystemEvent {
  /** Name of the system in the definition. */
  readonly system: string
}

/**
 * Domain events: facts with ids and counts. Logs, metrics, live pages and alerts are listeners; nothing else writes logs. Events never carry record
 * values or secrets.
 */
export type DomainEvent =
  /** Records that were not known before were discovered in a system. */
  | (EntityEvent &
      SystemEvent & {
        readonly type: 'RecordDiscovered'
        /** How many. */
        readonly count: number
        /** How the engine discovered them. */
        readonly via: 'webhook' | 'poll' | 'full' | 'hand'
      })
  /** A record without a counterpart becomes a record of its own. */
  | (RecordEvent &
      EntityEvent &
      SystemEvent & {
        readonly type: 'RecordPromoted'
      })
  /** A record of a system was linked to a record that is known. */
  | (RecordEvent &
      EntityEvent &
      SystemEvent & {
        readonly type: 'RecordLinked'
        /** The match rule that linked it. */
        readonly rule: string
      })
  /** A person has to decide whether records are the same. */
  | (RecordEvent &
      EntityEvent & {
        readonly type: 'MatchReviewRequested'
        /** Number of records that it might be. */
        readonly candidates: number
      })
  /** A merge was decided and committed, before any write. */
  | (RecordEvent &
      EntityEvent & {
        readonly type: 'DecisionCommitted'
        /** Revision of the record. */
        readonly rev: number
        /** Fields whose agreed value changed. */
        readonly fields: readonly string[]
        /** Conflicts that the merge kept. */
        readonly conflicts: number
      })
  /** A write is sent to a system. */
  | (RecordEvent &
      EntityEvent &
      SystemEvent & {
        readonly type: 'WriteSent'
        /** `create`, `update`, `delete` or `archive`. */
        readonly operation: string
        /** Id of the intended write. */
        readonly intentId: string
      })
  /** A write has an outcome. */
  | (RecordEvent &
      EntityEvent &
      SystemEvent & {
        readonly type: 'WriteSettled'
        /** `create`, `update`, `delete` or `archive`. */
        readonly operation: string
        /** Id of the intended write. */
        readonly intentId: string
        /** Kind of the result, as connectors give it. */
        readonly outcome: string
        /** Milliseconds from the start of the call. */
        readonly latencyMs: number
      })
  /** A pass over a record has ended. */
  | (RecordEvent &
      EntityEvent & {
        readonly type: 'RecordSettled'
        /** Nothing is left to do. */
        readonly clean: boolean
        /** Milliseconds since the pass began. */
        readonly latencyMs: number
      })
  /** A lane has a failure that requires attention. Emitted once per pass; a logger has to tell a new failure from a continuing one. */
  | (RecordEvent &
      EntityEvent &
      SystemEvent & {
        readonly type: 'FailureKept'
        /** The operation that failed. */
        readonly operation: string
        /** Error code. */
        readonly code: ErrorCode
        /** The failure, as a message. */
        readonly message: string
      })
  /** The failure of a lane is resolved; with a code only if it had that one. Also emitted for lanes that may have had none. */
  | (RecordEvent &
      SystemEvent & {
        readonly type: 'FailureCleared'
        /** Code of the resolved failure. @default any */
        readonly code?: ErrorCode
      })
  /** Nothing is written to a system for a record until something changes. */
  | (RecordEvent &
      EntityEvent &
      SystemEvent & {
        readonly type: 'LaneClosed'
        /** State of the lane. */
        readonly lane: string
        /** Why, as a code. */
        readonly reason: string
      })
  /** An observation of a record was not used as information. */
  | (RecordEvent &
      SystemEvent & {
        readonly type: 'ObservationRefused'
        /** Why, as a code. */
        readonly reason: string
      })
  /** A system stored a value in another form than was written; it is treated as the same value. */
  | (RecordEvent &
      SystemEvent & {
        readonly type: 'CoercionAccepted'
        /** The field concerned. */
        readonly field: string
      })
  /** A value that was written earlier reappeared, and was not taken for an edit. */
  | (RecordEvent &
      SystemEvent & {
        readonly type: 'OwnWriteResurfaced'
        /** The field concerned. */
        readonly field: string
      })
  /** A system accepted a write but does not hold its value. */
  | (RecordEvent &
      SystemEvent & {
        readonly type: 'WriteNotStored'
        /** The field concerned. */
        readonly field: string
        /** It is sent once more; otherwise a failure is reported. */
        readonly again: boolean
      })
  /** A field changed back and forth because of writes, and is held. */
  | (RecordEvent &
      SystemEvent & {
        readonly type: 'OscillationHeld'
        /** The field concerned. */
        readonly field: string
      })
  /** A write may or may not have taken effect. */
  | (RecordEvent &
      SystemEvent & {
        readonly type: 'IntentInDoubt'
        /** Id of the intended write. */
        readonly intentId: string
        /** `create`, `update`, `delete` or `archive`. */
        readonly operation: string
      })
  /** The outcome of a write in doubt is known. */
  | (RecordEvent &
      SystemEvent & {
        readonly type: 'IntentResolved'
        /** Id of the intended write. */
        readonly intentId: string
        /** The outcome. */
        readonly result: string
      })
  /** A known record was not found in its system. */
  | (RecordEvent &
      SystemEvent & {
        readonly type: 'DeletionSuspected'
      })
  /** A second, independent read did not find it either. */
  | (RecordEvent &
      SystemEvent & {
        readonly type: 'DeletionConfirmed'
      })
  /** A confirmed deletion has been waiting for a decision about the record for this many hours. */
  | (RecordEvent &
      EntityEvent &
      SystemEvent & {
        readonly type: 'DeletionWaits'
        /** Number of hours. */
        readonly hours: number
      })
  /** A change is held by a mass-change guard or a rule. */
  | (RecordEvent &
      EntityEvent &
      SystemEvent & {
        readonly type: 'ChangeHeld'
        /** Kind of change that is held. */
        readonly kind: string
        /** The operation, for a change that the guard holds. */
        readonly operation?: string
      })
  /** A system merged two of its records; their records in Isthmus follow. */
  | (RecordEvent &
      SystemEvent & {
        readonly type: 'MembersMerged'
        /** The remaining record. */
        readonly survivorId: string
      })
  /** No calls are made to a system for a while. */
  | (SystemEvent & {
      readonly type: 'SystemPaused'
      /** Why, as a code. */
      readonly reason: string
      /** Until when, in epoch ms. */
      readonly untilMs: number
    })
  /** Calls to the system resume. */
  | (SystemEvent & {
      readonly type: 'SystemResumed'
    })
  /** A full run or a first load begins. */
  | (EntityEvent &
      SystemEvent & {
        readonly type: 'RunStarted'
        /** Id of the run. */
        readonly runId: string
        /** Kind of run. */
        readonly kind: string
      })
  /** A run has read more records. */
  | {
      readonly type: 'RunProgressed'
      /** Id of the run. */
      readonly runId: string
      /** Records so far. */
      readonly seen: number
      /** Total number of records, where the system reports it. */
      readonly expected?: number
    }
  /** A run has ended. */
  | (EntityEvent &
      SystemEvent & {
        readonly type: 'RunFinished'
        /** Id of the run. */
        readonly runId: string
        /** The run proves that records it did not list do not exist. */
        readonly complete: boolean
        /** Number of listed records. */
        readonly seen: number
        /** Records that were not known before. */
        readonly created: number
        /** Known records that differed. */
        readonly changed: number
        /** Known records that were not in the list. */
        readonly missing: number
        /** Why it is not complete, as text. */
        readonly reason?: string
        /** The same as a code, for programs. */
        readonly reasonCode?: RunReason['code']
      })
  /** A change feed, or a list in its place, was read to its end. */
  | (EntityEvent &
      SystemEvent & {
        readonly type: 'PollFinished'
        /** Records that will be read. */
        readonly changed: number
      })
  /** A change feed could not be read. */
  | (EntityEvent &
      SystemEvent & {
        readonly type: 'PollFailed'
        /** Error code. */
        readonly code: ErrorCode
        /** The failure, with the system's message where it has one. */
        readonly message: string
      })
  /** A page of a change feed contained entries without an id; its other entries were processed. */
  | (EntityEvent &
      SystemEvent & {
        readonly type: 'EntriesUnreadable'
        /** The number of such entries, and the problem of the first one. */
        readonly message: string
      })
  /** The position in a change feed is no longer valid: a full run replaces the poll. */
  | (EntityEvent &
      SystemEvent & {
        readonly type: 'CursorExpired'
      })
  /** A webhook delivery was committed. */
  | (SystemEvent & {
      readonly type: 'WebhookAccepted'
      /** Records that were marked. */
      readonly marks: number
      /** The same delivery was accepted before. */
      readonly duplicate: boolean
    })
  /** Deliveries of a system are about a resource that no entity uses: reported once for each name. */
  | (SystemEvent & {
      readonly type: 'WebhookUnused'
      /** The resource, as the delivery names it. */
      readonly resource: string
      /** What it means, and what to change if it is a mistake. */
      readonly message: string
    })
  /** A webhook delivery was not accepted. */
  | (SystemEvent & {
      readonly type: 'WebhookRefused'
      /** Why, as a code. */
      readonly reason: string
    })
  /** The connection over which a system announces changes has ended. */
  | (SystemEvent & {
      readonly type: 'SubscriptionLost'
      /** Error code. */
      readonly code: ErrorCode
    })
  /** A system has changed the form of a resource's records; `fields` are those of the definition that are paused there because of it. */
  | (SystemEvent & {
      readonly type: 'SchemaDrifted'
      /** Resource whose records changed form. */
      readonly resource: string
      /** Differences that were found. */
      readonly differences: number
      /** Those that could cause values to be misread, refused or truncated. */
      readonly harmful: number
      /** Fields of the definition that are paused because of it. */
      readonly fields: readonly string[]
    })
  /** A worker lost its claim on a record to another one and has stopped working on it. */
  | (RecordEvent & {
      readonly type: 'WorkerFenced'
    })
  /** A worker has registered. */
  | {
      readonly type: 'WorkerStarted'
      /** Id of the worker. */
      readonly workerId: number
    }
  /** A definition that differs from the previous one was bound; `changes` describes in sentences what that means for existing records. */
  | {
      readonly type: 'DefinitionBound'
      /** Version that is bound now. */
      readonly version: string
      /** Version that was bound before. */
      readonly previous: string
      /** The consequences, one sentence each. */
      readonly changes: readonly string[]
    }
  /** Another definition is bound than that of this process, which claims, decides and schedules nothing more until it is restarted. */
  | {
      readonly type: 'DefinitionSuperseded'
      /** Version that is bound now. */
      readonly version: string
    }
  /** A worker has not sent a heartbeat for too long; its records are released to others. */
  | {
      readonly type: 'WorkerLost'
      /** Id of the worker. */
      readonly workerId: number
      /** Records that it had claimed. */
      readonly records: number
    }
  /** Expired data is still being removed after an hour or more: more of it expires than is removed, or a long backlog is worked off. */
  | {
      readonly type: 'RetentionBehind'
      /** Kinds of rows of which more are left. */
      readonly kinds: readonly string[]
      /** How long it has taken so far. */
      readonly minutes: number
    }
  /** The first start of an embedded database created its master key. Without it the data can't be read, so a copy has to be kept elsewhere. */
  | {
      readonly type: 'MasterKeyCreated'
      /** Path of the key file. */
      readonly file: string
    }
  /** A database operation failed. */
  | {
      readonly type: 'StoreFailed'
      /** The operation. */
      readonly operation: string
      /** Error code. */
      readonly code: ErrorCode
    }

/** Receives events; must not throw and must not block. */
export type EmitEvent = (event: DomainEvent) => void
