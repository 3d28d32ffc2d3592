/** Domain events: what the engine tells its listeners. */
import type { ErrorCode } from './error-codes.ts'

/** What every event about one record says. */
export interface RecordEvent {
  /** Id of the record in Isthmus. */
  readonly recordId: string
}

/** What every event about one entity says. */
export interface EntityEvent {
  /** Name of the entity in the definition. */
  readonly entity: string
}

/** What every event about one system says. */
export interface SystemEvent {
  /** Name of the system in the definition. */
  readonly system: string
}

/**
 * Domain events: what happened, as facts with ids and counts. Logs, metrics, live pages and alerts are listeners; nothing else writes logs.
 * Events never carry record values or secrets.
 */
export type DomainEvent =
  /** Records that were not known before were seen in a system. */
  | (EntityEvent &
      SystemEvent & {
        readonly type: 'RecordDiscovered'
        /** How many. */
        readonly count: number
        /** What made the engine see them. */
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
  /** A person has to say whether records are the same. */
  | (RecordEvent &
      EntityEvent & {
        readonly type: 'MatchReviewRequested'
        /** Records that it might be. */
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
  /** A write leaves for a system. */
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
  /** A pass over a record is finished. */
  | (RecordEvent &
      EntityEvent & {
        readonly type: 'RecordSettled'
        /** Nothing is left to do. */
        readonly clean: boolean
        /** Milliseconds since the pass began. */
        readonly latencyMs: number
      })
  /** A lane has a failure that a person sees. Told once a pass; who logs it tells a new one from one that goes on. */
  | (RecordEvent &
      EntityEvent &
      SystemEvent & {
        readonly type: 'FailureKept'
        /** What failed. */
        readonly operation: string
        /** Error code. */
        readonly code: ErrorCode
        /** What went wrong, in words. */
        readonly message: string
      })
  /** The failure of a lane is over; with a code only if it was that one. Also told of lanes that may have had none. */
  | (RecordEvent &
      SystemEvent & {
        readonly type: 'FailureCleared'
        /** Code of the failure that is over. @default any */
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
  /** What a system showed of a record was not taken as information. */
  | (RecordEvent &
      SystemEvent & {
        readonly type: 'ObservationRefused'
        /** Why, as a code. */
        readonly reason: string
      })
  /** A system keeps another spelling of a value than was written; it is taken as the same value. */
  | (RecordEvent &
      SystemEvent & {
        readonly type: 'CoercionAccepted'
        /** Field that it concerns. */
        readonly field: string
      })
  /** A value that was written earlier came back, and was not taken for an edit. */
  | (RecordEvent &
      SystemEvent & {
        readonly type: 'OwnWriteResurfaced'
        /** Field that it concerns. */
        readonly field: string
      })
  /** A system accepted a write and does not hold its value. */
  | (RecordEvent &
      SystemEvent & {
        readonly type: 'WriteNotStored'
        /** Field that it concerns. */
        readonly field: string
        /** It is sent once more; otherwise a person is told. */
        readonly again: boolean
      })
  /** A field changed back and forth because of writes, and is held. */
  | (RecordEvent &
      SystemEvent & {
        readonly type: 'OscillationHeld'
        /** Field that it concerns. */
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
  /** It is known what became of a write in doubt. */
  | (RecordEvent &
      SystemEvent & {
        readonly type: 'IntentResolved'
        /** Id of the intended write. */
        readonly intentId: string
        /** What became of it. */
        readonly result: string
      })
  /** A record was not found where it was known. */
  | (RecordEvent &
      SystemEvent & {
        readonly type: 'DeletionSuspected'
      })
  /** A second, independent read did not find it either. */
  | (RecordEvent &
      SystemEvent & {
        readonly type: 'DeletionConfirmed'
      })
  /** A confirmed deletion waits for a decision about the record, for so many hours. */
  | (RecordEvent &
      EntityEvent &
      SystemEvent & {
        readonly type: 'DeletionWaits'
        /** For how many hours. */
        readonly hours: number
      })
  /** A change waits for a person, since a mass-change guard or a rule holds it. */
  | (RecordEvent &
      EntityEvent &
      SystemEvent & {
        readonly type: 'ChangeHeld'
        /** Kind of change that is held. */
        readonly kind: string
        /** Of a change that the guard holds. */
        readonly operation?: string
      })
  /** A system merged two of its records; ours follow. */
  | (RecordEvent &
      SystemEvent & {
        readonly type: 'MembersMerged'
        /** Record that goes on. */
        readonly survivorId: string
      })
  /** No calls go to a system for a while. */
  | (SystemEvent & {
      readonly type: 'SystemPaused'
      /** Why, as a code. */
      readonly reason: string
      /** Until when, in epoch ms. */
      readonly untilMs: number
    })
  /** Calls go to the system again. */
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
  /** A run has seen more records. */
  | {
      readonly type: 'RunProgressed'
      /** Id of the run. */
      readonly runId: string
      /** Records so far. */
      readonly seen: number
      /** Records in all, where the system says so. */
      readonly expected?: number
    }
  /** A run has ended. */
  | (EntityEvent &
      SystemEvent & {
        readonly type: 'RunFinished'
        /** Id of the run. */
        readonly runId: string
        /** It proves that what it has not seen does not exist. */
        readonly complete: boolean
        /** Records that the list had. */
        readonly seen: number
        /** Records that were not known before. */
        readonly created: number
        /** Known records that differed. */
        readonly changed: number
        /** Known records that the list did not have. */
        readonly missing: number
        /** Why it is not complete, in words. */
        readonly reason?: string
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
        /** What went wrong, in the system's words where it has any. */
        readonly message: string
      })
  /** A page of a change feed held entries without an id; the others of it were taken. */
  | (EntityEvent &
      SystemEvent & {
        readonly type: 'EntriesUnreadable'
        /** How many, and what is wrong with the first. */
        readonly message: string
      })
  /** The position in a change feed is no longer valid: a full run takes its place. */
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
  /** A webhook delivery was not accepted. */
  | (SystemEvent & {
      readonly type: 'WebhookRefused'
      /** Why, as a code. */
      readonly reason: string
    })
  /** The connection that a system tells changes over has ended. */
  | (SystemEvent & {
      readonly type: 'SubscriptionLost'
      /** Error code. */
      readonly code: ErrorCode
    })
  /** A system has changed the form of a resource's records; `fields` are those of the definition that are left alone there because of it. */
  | (SystemEvent & {
      readonly type: 'SchemaDrifted'
      /** Resource whose records changed form. */
      readonly resource: string
      /** Differences that were found. */
      readonly differences: number
      /** Those that could make values misread, refused or cut. */
      readonly harmful: number
      /** Fields of the definition that are left alone because of it. */
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
  /** A definition was bound that differs from the one before; `changes` says in sentences what that means for records that are there. */
  | {
      readonly type: 'DefinitionBound'
      /** Version that is bound now. */
      readonly version: string
      /** Version that was bound before. */
      readonly previous: string
      /** What it means, one sentence each. */
      readonly changes: readonly string[]
    }
  /** Another definition is bound than the one of this process: it claims, decides and schedules nothing more until it is started again. */
  | {
      readonly type: 'DefinitionSuperseded'
      /** Version that is bound now. */
      readonly version: string
    }
  /** A worker has not been heard of for too long; its records go to others. */
  | {
      readonly type: 'WorkerLost'
      /** Id of the worker. */
      readonly workerId: number
      /** Records that it had claimed. */
      readonly records: number
    }
  /** The database did not do what it was asked. */
  | {
      readonly type: 'StoreFailed'
      /** What it was asked. */
      readonly operation: string
      /** Error code. */
      readonly code: ErrorCode
    }

/** Takes events; must not throw and must not block. */
export type EmitEvent = (event: DomainEvent) => void
