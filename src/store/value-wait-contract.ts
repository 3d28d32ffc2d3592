/** Records that wait for a value which another record holds in the same system, where it must be unique. */
import type { CanonicalValue } from '../model/values.ts'

/** One field of one entity in one system. */
export interface ValuePlace {
  readonly system: string
  readonly entity: string
  readonly field: string
}

/**
 * A record whose write was refused because another record holds the value. One per record, system and field;
 * a later one replaces it.
 */
export interface ValueWaitDraft extends ValuePlace {
  readonly recordId: string
  /** The value that was refused. */
  readonly wanted: CanonicalValue
  /** The value that the record holds there, for others to wait for. @default none */
  readonly holds?: CanonicalValue
}

/** A value that a record no longer holds in a system. */
export interface ReleasedValue extends ValuePlace {
  readonly value: CanonicalValue
}

/** A wait that nothing has ended yet. */
export interface ValueWait {
  readonly system: string
  readonly field: string
  /**
   * The records that wait hold each other's values, so that none of them can go first. `first`: the record of
   * them that gives its value up. @default they do not
   */
  readonly cycle?: { readonly first: string }
}

/** Records that wait for a unique value that another record holds. */
export interface ValueWaitStore {
  /** The waits of a record. A release ends a wait and makes the record due. */
  valueWaits(recordId: string): Promise<readonly ValueWait[]>
  /**
   * Ends all waits of the place and makes the records due; returns how many. For holders that are not records
   * here.
   */
  endValueWaits(system: string, entity: string): Promise<number>
}

/** Records in a cycle; a longer one is not recognised. */
export const cycleMax = 20

/**
 * Systems compare unique texts with or without case; a record that is woken for nothing is refused once more.
 */
export function valueKey({ system, entity, field }: ValuePlace, value: CanonicalValue): string {
  const text = typeof value === 'string' ? value.normalize('NFC').trim().toLowerCase() : JSON.stringify(value)
  return ['value', system, entity, field, text].join('\u0000')
}
