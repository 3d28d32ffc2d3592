/**
 * The compiled integration: what the engine runs. The definition file is validated and compiled into these
 * types once, at start; its functions are pure (no clock, no randomness, no I/O).
 */
import type { CardNumberStep } from './card-numbers/card-number-policy.ts'
import type { Expression } from './compiled-expression.ts'
import type { ValueEquality } from './equality.ts'
import type { Lens } from './lens/contract.ts'
import type { LensId, LensSet } from './lens/identity.ts'
import type { CanonicalValue, FieldType, NativeRecord } from './values.ts'

/** One integration, ready to run. */
export interface Integration {
  /** `[a-z0-9-]+`, from the definition. */
  readonly id: string
  /** Hash of the normalised definition: every decision names the version it was made under. */
  readonly version: string
  /** By name, in the order of the definition. */
  readonly systems: ReadonlyMap<string, SystemSettings>
  /** @internal Compiled for the engine. */
  readonly entities: ReadonlyMap<string, Entity>
  /** The system that provides each lookup of rules, by the lookup's name. @default none */
  readonly lookups?: ReadonlyMap<string, string>
  /** @internal @default the values of `compile-retention.ts` */
  readonly retention?: Retention
  /** @internal @default no freshness objective, and the values of `compile-watch.ts` */
  readonly watch?: Watch
}

/** Limits for the status, in addition to the triggers. */
export interface Watch {
  /** Longest silence by system, in milliseconds. */
  readonly freshness: ReadonlyMap<string, number>
  /** How long a record may wait before the status is `attention`, in milliseconds. */
  readonly staleAfterMs: number
}

/** Retention periods, in milliseconds. */
export interface Retention {
  /** Journal, settled writes with their previous values, decided conflicts, finished runs. */
  readonly historyMs: number
  /** Resolved failures. */
  readonly deadLettersMs: number
  /** Webhook deliveries, which identify repeated ones. */
  readonly deliveriesMs: number
}

/**
 * One system of the definition: which connector, its (secret-free after resolution) configuration and its
 * limits.
 */
export interface SystemSettings {
  /** Name in the definition. */
  readonly name: string
  /** Name of its connector. */
  readonly connector: string
  /** The connector's own configuration with secrets resolved; never logged, never stored. */
  readonly config: Readonly<Record<string, unknown>>
  /** Time bounds and concurrency. */
  readonly timing: SystemTiming
}

/** The engine's time bounds for one system, all in milliseconds. */
export interface SystemTiming {
  /** Maximum duration of one read. @default 10000 */
  readonly readTimeoutMs: number
  /** Maximum duration of one write. @default 10000 */
  readonly writeTimeoutMs: number
  /** Records of this system read or written concurrently. @default 16 */
  readonly concurrency: number
}

/** One entity: its fields, its systems, and how conflicts are resolved. */
export interface Entity {
  readonly name: string
  readonly fields: ReadonlyMap<string, Field>
  /** By system name, in the order of the definition. */
  readonly systems: ReadonlyMap<string, EntitySystem>
  /** In the order in which they are tried. Empty: nothing is ever matched (`match: never`). */
  readonly match: readonly MatchRule[]
  readonly rules: readonly Rule[]
  readonly delete: DeletePolicy
  readonly guard: ChangeGuard
  /** Write-induced changes of one field within 24 h after which its lane is held. @default 5 */
  readonly oscillationLimit: number
}

/** A field of an entity, compiled. */
export interface Field {
  readonly name: string
  readonly type: FieldType
  readonly required: boolean
  /** Canonical normaliser applied after reading from any system; idempotent. */
  readonly normalise: (value: CanonicalValue) => CanonicalValue
  /** Which values the normaliser treats as equal. @default 'exact' */
  readonly equality?: ValueEquality
  readonly policy: ConflictPolicy
  /** Only this system may change the field; changes elsewhere are reverted. */
  readonly owner?: string
  readonly sensitivity?: 'personal' | 'special' | 'secret'
  /** What happens to card numbers in its values; replacing them is part of `normalise`. @default they are allowed */
  readonly cardNumbers?: CardNumberStep
}

/**
 * How conflicting concurrent changes to one field are resolved. The losing value is always kept in a conflict
 * record.
 *
 * - `prefer`: the first named system among the candidates wins; systems not named rank last, in definition
 *   order
 * - `latest`: the later change by the remotes' own clocks, if they differ by more than `skewMs`; otherwise by
 *   `rank`
 * - `manual`: the field is held until a person decides
 * - `union`: sets are merged: (base ∪ added) minus removed · `sum`: numeric deltas against the base are added
 * - `function`: a pure function of the candidates
 */
export type ConflictPolicy =
  | { readonly kind: 'prefer'; readonly rank: readonly string[] }
  | { readonly kind: 'latest'; readonly skewMs: number; readonly rank: readonly string[] }
  | { readonly kind: 'manual' }
  | { readonly kind: 'union' }
  | { readonly kind: 'sum'; readonly rank: readonly string[] }
  | {
      readonly kind: 'function'
      readonly decide: (candidates: readonly Candidate[]) => CanonicalValue
      readonly rank: readonly string[]
    }

/** One of the candidate values for a field. */
export interface Candidate {
  /** The system it was observed in, or `agreed` for the value agreed before. */
  readonly system: string
  /** Its value there; undefined where the field is absent. */
  readonly value: CanonicalValue | undefined
  /** That system's last absorbed value before this change. */
  readonly base: CanonicalValue | undefined
  /** When it changed by the remote's own clock (epoch ms), if the remote reports it. */
  readonly changedAt?: number
}

/** How one system takes part in an entity. */
export interface EntitySystem {
  readonly system: string
  readonly resource: string
  /** `source`: read only · `target`: write-only, edits there are reverted · `both`. */
  readonly direction: 'source' | 'target' | 'both'
  readonly operations: { readonly create: boolean; readonly update: boolean; readonly delete: boolean }
  /** Native path that holds our record id (marker or upsert key), if the system has one. */
  readonly key?: string
  /** Values that every create carries in addition to the mapped fields. */
  readonly onCreate?: NativeRecord
  readonly fields: ReadonlyMap<string, SystemField>
  readonly lens: Lens
  /**
   * Identities of its lenses, as the definition declares them. @default not known: no base is ever replaced
   */
  readonly lenses?: LensSet
  /** Whether a native record is in scope (`where`). */
  readonly inScope: (native: NativeRecord) => boolean
  /** The native paths that the scope depends on. @default not known: a function decides */
  readonly scopePaths?: readonly (readonly (string | number)[])[]
  /**
   * What happens to a create when no evidence can show that the system has no counterpart yet. @default
   * 'create', of which `check` warns
   */
  readonly createWithoutEvidence?: CreateChoice
  /** What happens to the create of a record that has no value to be matched by. @default 'create' */
  readonly createWithoutKey?: CreateChoice
  readonly triggers: readonly Trigger[]
}

/** `create`: proceed · `hold`: wait for a person's decision */
export type CreateChoice = 'create' | 'hold'

/** A field in one system: how it is read and written there. */
export interface SystemField {
  readonly name: string
  readonly readable: boolean
  readonly writable: boolean
  /**
   * `norm_s`: the canonical value this system would hold after storing the given one (truncation, rounding,
   * …). Idempotent.
   */
  readonly normalise: (value: CanonicalValue) => CanonicalValue
  /**
   * Which native values are read as the same value: a search that distinguishes them misses some. @default
   * 'exact'
   */
  readonly equality?: ValueEquality
  /**
   * A change at this system is never taken as the origin of a new value (its copy is poorer than the
   * others').
   */
  readonly neverOrigin: boolean
  /** Without conditional writes a two-way field has a race window that the definition must accept. */
  readonly acceptRaceWindow: boolean
  /** May be left out of a create, for example a reference without a target yet. */
  readonly nullable: boolean
  /**
   * The parts of a native record that the mapping names: paths, and the source of expressions. @default not
   * known
   */
  readonly native?: {
    readonly paths: readonly (readonly (string | number)[])[]
    readonly expressions: readonly string[]
  }
  /** Identity of the field's lens here. @default not known */
  readonly lensId?: LensId
  /**
   * The parts of a group that this system has. Its copy carries no information about the others. @default all
   * of them
   */
  readonly parts?: ReadonlySet<string>
}

/** Finds the counterpart of a record. Rules are tried in order. */
export type MatchRule =
  | { readonly kind: 'exact'; readonly fields: readonly string[] }
  | { readonly kind: 'normalised'; readonly fields: readonly string[] }
  | {
      readonly kind: 'score'
      /** Weight by field path; weights add up to 1 after compilation. */
      readonly weights: Readonly<Record<string, number>>
      /** Link automatically at or above this score. */
      readonly link: number
      /** Ask for a decision at or above this score. */
      readonly review: number
    }

/** A business rule on the merged record, before any write. Expressions are compiled JSONata. */
export type Rule =
  | { readonly kind: 'require'; readonly test: Expression; readonly message: string }
  | { readonly kind: 'set'; readonly field: string; readonly to: Expression }
  | { readonly kind: 'hold'; readonly when: Expression; readonly message: string }

/** How deletions of an entity are treated. */
export interface DeletePolicy {
  /** Systems whose deletions are propagated. */
  readonly from: readonly string[]
  readonly action: 'archive' | 'delete' | 'unlink'
  /** Wait between the two independent reads. @default 60000 */
  readonly confirmMs: number
}

/**
 * Mass-change guard per (system, entity) and 24 h: the larger of the two bounds applies; beyond it, changes
 * are held.
 */
export interface ChangeGuard {
  readonly create: GuardLimit
  readonly update: GuardLimit
  readonly delete: GuardLimit
}

/** How many changes of one kind go without approval. */
export interface GuardLimit {
  /** Share of linked records, 0..1. */
  readonly share: number
  readonly atLeast: number
}

/** What causes the engine to read. */
export type Trigger =
  | { readonly kind: 'webhook'; readonly name: string }
  | { readonly kind: 'poll'; readonly everyMs: number }
  | { readonly kind: 'full'; readonly cron: string }
