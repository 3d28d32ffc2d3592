/**
 * The durable state of one record, as every layer above the store sees it. Terms are those of the glossary: a
 * **record** is one real thing, a **member** its counterpart in one system, **agreed** the values both hold,
 * **shadow** the value last observed in a system.
 *
 * All times are epoch milliseconds on the database's clock.
 */
import type { Lane } from './lane.ts'
import type { LensId } from './lens/identity.ts'
import type { KeptAnswer } from './lookup.ts'
import type { CanonicalValue } from './values.ts'

/** One agreed field. */
export interface AgreedField {
  readonly value: CanonicalValue | undefined
  /** Revision of the record at which this value was agreed. */
  readonly rev: number
  /** The system it came from; `person`, `rule` or `merge` when it came from none. */
  readonly src: string
  readonly at: number
  /**
   * When it changed by the clock of `src`, if that system reports it; only compared under the `latest`
   * policy, within its skew bound.
   */
  readonly changedAt?: number
  /** Id of the open conflict that holds the field: it is written nowhere until a person decides. */
  readonly heldBy?: string
  /** Answers of lookups that the value depends on: they are reused as long as the argument is the same. */
  readonly answers?: readonly KeptAnswer[]
}

/** Agreed values by field. */
export type AgreedFields = { readonly [field: string]: AgreedField }

/** A sent value whose effect is not settled by evidence yet. */
export interface OwnWrite {
  readonly value: CanonicalValue | undefined
  /** The agreed revision of the value. */
  readonly rev: number
  /** It can't take effect after this plus the system's in-flight bound. */
  readonly notAfter: number
  /** The system confirmed that it was applied: it does not take effect a second time. */
  readonly applied?: true
}

/**
 * The state of a field before a write that no observation has verified yet. It distinguishes a write that was
 * not stored from a later edit.
 */
export interface ReplacedValue {
  /** Key missing: the field was absent, or never read. */
  readonly value?: CanonicalValue
  /** Revision that the system was known to hold then. */
  readonly acked: number
  /**
   * Version of the record before the write, where the system reports it: another version shows that something
   * was stored.
   */
  readonly versionBefore?: string
  /** The response to the write showed the new value. */
  readonly shown?: true
  /**
   * Version that the response to the write named, if any: a later version that shows the old value again is
   * an edit.
   */
  readonly version?: string
  /**
   * The same for earlier writes that no read had verified when the next one was sent, newest first: the
   * system may have stored none of them.
   */
  readonly earlier?: readonly Omit<ReplacedValue, 'earlier'>[]
}

/** The known state of one field in one system. */
export interface MemberField {
  /** Last absorbed value, canonical and normalised for the system. Key missing: never absorbed (no base). */
  readonly shadow?: CanonicalValue
  /** True once the field was absorbed as *absent* (so that absent is a base of its own). */
  readonly shadowAbsent?: true
  /** Agreed revision that this system is known to hold, within what it can represent; 0 = none. */
  readonly acked: number
  /**
   * Revision that the system accepted but may not have applied yet. A read, or the end of the in-flight time,
   * settles it.
   */
  readonly provisional?: number
  /** The value before our last write, until a read has verified that write. */
  readonly replaced?: ReplacedValue
  /**
   * The system reported success for this revision, but a read showed the value from before. It is written
   * once more.
   */
  readonly notStored?: number
  readonly own?: readonly OwnWrite[]
  /** We wrote it and have not read it since: a change observed now is write-induced. */
  readonly wrote?: true
  /** Write-induced changes: the number of them since `since`. */
  readonly oscillation?: { readonly count: number; readonly since: number }
  /** Held for review (oscillation, quarantine). */
  readonly hold?: { readonly reason: string; readonly at: number }
  /**
   * The system refused this revision under this definition version: not sent again until one of them changes.
   */
  readonly rejected?: RefusedRevision
  /**
   * The refusal said that another record holds the value, which must be unique there: see
   * `engine/write/taken-values.ts`.
   */
  readonly taken?: TakenValue
  /** Number of writes of this revision whose response was an error of unknown effect. */
  readonly unclear?: { readonly rev: number; readonly count: number }
  /**
   * Writes of this revision that were refused for their precondition, weighted: see
   * `engine/write/refused-precondition.ts`.
   */
  readonly contested?: { readonly rev: number; readonly weight: number; readonly rounds: number }
  /** The system stores our value in a poorer form, which is accepted. */
  readonly coerced?: true
  /** The field can't be read there: the shadow is the written value, and no list or read ever shows it. */
  readonly writeOnly?: true
  /**
   * The create that made the counterpart gave this field no value, or an empty one: the first observation may
   * show the system's own default. It is certainly one in the version that the response to the create named,
   * or with the value that its body showed.
   */
  readonly blank?: true | CreatedBlank
  /**
   * Its reference has been waiting for a target since then; `reported`: for so long that a failure was reported.
   */
  readonly awaits?: { readonly since: number; readonly reported?: boolean }
  /** The last read could not parse the field: code of the problem. The other properties are from before. */
  readonly unreadable?: string
  /** The lens that read it, where that is not the one of the member's lens set: its new base has to wait. */
  readonly lens?: LensId
  /** Its base was dropped because its lens changed, and the system has not been in agreement since. */
  readonly rebased?: true
  /** The counterpart came from another record, and holds a value written there for that record. */
  readonly inherited?: true
}

/** A revision that a system, or its mapping, refused. */
export interface RefusedRevision {
  /** The agreed revision. */
  readonly rev: number
  /** Version of the definition. */
  readonly version: string
  /** The code of the failure. */
  readonly code: string
  /**
   * The refusal named this field, so the other fields of the write may be sent without it. @default the write
   * was refused as a whole
   */
  readonly named?: true
}

/** A value that another record holds, and the attempts to write it all the same. */
export interface TakenValue {
  /** The agreed revision. */
  readonly rev: number
  /** Refusals so far. */
  readonly tries: number
  /** It is written again at this time (epoch ms). @default once it is released */
  readonly again?: number
  /** The system takes no temporary value in place of the one that it holds. */
  readonly keepsValue?: true
  /**
   * The refusal may have had another reason: `again` only checks whether the value was released, or is part
   * of a cycle.
   */
  readonly uncertain?: true
  /**
   * The temporary value that we wrote in place of the one that it held; over as soon as the field holds
   * another.
   */
  readonly temporary?: string
}

/** What the response to a create showed of a field that was sent without a value. */
export interface CreatedBlank {
  readonly version?: string
  readonly shown?: CanonicalValue
}

/** What is known of each field in one system. */
export type MemberFields = { readonly [field: string]: MemberField }

/**
 * Lifecycle of a record.
 *
 * - `candidate`: observed in one system, not matched yet. Left by promotion (`active`), by being attached to
 *   another record (row removed), to `review`, or to `ignored` (out of scope)
 * - `review`: several counterparts are possible; a person decides
 * - `active`: kept in agreement
 * - `deleting`: a confirmed deletion is being carried out in the other systems
 * - `tombstoned`: deleted; kept so that late events can't recreate it
 * - `ignored`: out of scope; read again when marked
 */
export type RecordState = 'candidate' | 'review' | 'active' | 'deleting' | 'tombstoned' | 'ignored'

/** A record: what its systems agree on, and whether it has to be processed. */
export interface SyncRecord {
  /** UUID (v7). */
  readonly id: string
  readonly entity: string
  readonly state: RecordState
  /** Incremented with every agreed change of any field. */
  readonly rev: number
  readonly fields: AgreedFields
  readonly dirtySeq: number
  readonly cleanSeq: number
  /** Why it became due since the last clean finish, the first cause first: see `cause.ts`. */
  readonly causes: readonly string[]
  /** Systems to read since the last clean finish; `*` = all. */
  readonly toRead: readonly string[]
  /**
   * Claims since a pass last finished, clean or not: it grows only while passes end without a finish, so it
   * counts crashes.
   */
  readonly attempts: number
  readonly discoveredAt: number
  readonly tombstoneRev?: number
  /** A rule hold released by a person stays released until the record's rev exceeds this. */
  readonly releasedRev?: number
  /** The record that this one has become part of. */
  readonly aliasOf?: string
  /** A person merged it: what happens to the native records that the other record has no free member for. */
  readonly removal?: 'archive' | 'delete' | 'keep'
  /** Records that were merged into this one, whose values it has yet to take over. */
  readonly merging?: readonly string[]
}

/**
 * State of a member.
 *
 * - `absent`: no counterpart in this system (yet) · `unread`: discovered, never read (only on candidates)
 * - `linked` · `suspect`: observed gone once, waiting for the second read · `gone`: deletion confirmed
 * - `out-of-scope`: exists but left the `where` filter or was unlinked; nothing is written
 */
export type MemberState = 'absent' | 'unread' | 'linked' | 'suspect' | 'gone' | 'out-of-scope'

/** A record in one system: its counterpart there and what was absorbed from it. */
export interface Member {
  readonly recordId: string
  readonly system: string
  readonly entity: string
  /** Native id; undefined while `absent`. Unique per (system, entity). */
  readonly nativeId?: string
  readonly state: MemberState
  readonly fields: MemberFields
  /** Highest ordered version observed, or the last opaque one. */
  readonly floor?: string
  /**
   * Version whose whole state is absorbed: a conditional write on it needs no read, and a mark naming it is
   * no change.
   */
  readonly absorbedVersion?: string
  /** Earliest time at which the absorbed state is known to have existed. */
  readonly asof: number
  /** Time of the next read to verify a write. */
  readonly settleAt?: number
  readonly lane: Lane
  /**
   * Consecutive calls for this lane that failed, for back-off. Counted in every state: a system that takes no
   * calls closes no lane.
   */
  readonly laneAttempts: number
  /** First independent read that found it gone. */
  readonly goneSince?: number
  /**
   * While `suspect`: when a second read confirmed that it is gone. What follows from that may wait, for open
   * matters or for a person.
   */
  readonly goneConfirmedAt?: number
  /** While `gone`: since when it is known to exist again, although its deletion was confirmed. */
  readonly reappearedAt?: number
  /** When a create was first requested here: only later evidence counts. */
  readonly createWantedAt?: number
  /** Number of the lens set that its fields were read through. Missing: see `StoredLensSet.legacy`. */
  readonly lens?: number
  /** Evidence gathered for a create that has to wait before it can be sent. */
  readonly evidence?: CreateEvidence
}

/** Evidence that a system has no counterpart of a record yet. Times in epoch milliseconds. */
export interface CreateEvidence {
  /** Hash of the match keys that it was gathered for: with other keys it is not valid. */
  readonly keys: string
  /** When the search or the poll began. */
  readonly takenAt: number
  /** After this it is no evidence any more. */
  readonly goodUntil: number
  /** Every record that was in the system by then has been found. */
  readonly coversUpTo: number
  /**
   * Candidates discovered before this must have been read. Set once, so that later candidates never delay the
   * create.
   */
  readonly readUpTo: number
  /** Native ids that the search found: each must have been read since `takenAt`. */
  readonly nativeIds?: readonly string[]
}

/** The remote writes that an intent can represent. */
export type IntentOperation = 'create' | 'update' | 'archive' | 'delete'

/**
 * State of an intent.
 *
 * - `open`: committed before the send; stays open while the outcome is unknown. At most one per lane
 * - `done`: acknowledged · `rejected`: the system refused it · `unsent`: provably never sent
 * - `abandoned`: in doubt but harmless by now; its values stay in the own-write memory
 */
export type IntentState = 'open' | 'done' | 'rejected' | 'unsent' | 'abandoned'

/** The durable note of one remote write. */
export interface Intent {
  readonly id: string
  readonly recordId: string
  readonly system: string
  readonly entity: string
  readonly operation: IntentOperation
  /** Agreed revision by field that this write carries. */
  readonly revs: Readonly<Record<string, number>>
  /** Exactly what is sent, so that a resend is byte for byte the same. */
  readonly request: IntentRequest
  readonly createdAt: number
  readonly firstSentAt: number
  /** It is not sent after this. */
  readonly notAfter: number
  readonly state: IntentState
  readonly outcome?: string
  /** Why the write was made, the first cause first. Missing: by an earlier version. */
  readonly causes?: readonly string[]
  /** Version of the definition that decided it. Missing: by an earlier version. */
  readonly definition?: string
}

/** What a write sends. */
export interface IntentRequest {
  readonly resource: string
  readonly nativeId?: string
  /** Native body: the patch, or the whole object for systems that replace. */
  readonly body: { readonly [key: string]: unknown }
  /** Canonical values in the body, for the own-write memory and for adoption. */
  readonly values: Readonly<Record<string, CanonicalValue>>
  /** Version precondition, when the system supports one. */
  readonly ifVersion?: string
  readonly idempotencyKey?: string
  /** Record id carried in the body, when the system has a property for it. */
  readonly marker?: string
  /** Restores an archived record instead of writing `body`. */
  readonly restore?: true
  /** Native record before the write, for undo. */
  readonly preImage?: { readonly [key: string]: unknown }
}
