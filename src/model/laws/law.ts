/** Subject and result of the laws of a mapping. */

import type { Lens, NestedPatch } from '../lens/contract.ts'
import type { CanonicalValue, FieldType } from '../values.ts'
/**
 * One broken law. The message describes kinds and lengths; it contains the values themselves only if
 * requested.
 */
export interface LawViolation {
  readonly law: Law
  /** Canonical field, or a native path where no field is concerned. */
  readonly field: string
  readonly message: string
}

/** A mapping being checked. */
export interface LawSubject {
  readonly lens: Lens
  readonly fields: ReadonlyMap<string, LawField>
  readonly nested: NestedPatch
}

export type Law = 'get-put' | 'put-get' | 'idempotent-normaliser' | 'canonical-read' | 'frame' | 'determinism'

/** One field in the form that the laws use. */
export interface LawField {
  readonly type: FieldType
  readonly readable: boolean
  readonly writable: boolean
  /** Canonical normaliser, then the system's. */
  readonly normalise: (value: CanonicalValue) => CanonicalValue
}
