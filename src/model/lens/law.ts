/** What the laws of a mapping are asked about, and what they find. */

import type { Lens, NestedPatch } from '../integration.ts'
import type { CanonicalValue, FieldType } from '../values.ts'
/** One broken law. The message describes kinds and lengths; the values themselves are in it only when asked for. */
export interface LawViolation {
  readonly law: Law
  /** Canonical field, or a native path where no field is concerned. */
  readonly field: string
  readonly message: string
}

/** A mapping under examination. */
export interface LawSubject {
  readonly lens: Lens
  readonly fields: ReadonlyMap<string, LawField>
  readonly nested: NestedPatch
}

export type Law = 'get-put' | 'put-get' | 'idempotent-normaliser' | 'canonical-read' | 'frame' | 'determinism'

/** One field as the laws see it. */
export interface LawField {
  readonly type: FieldType
  readonly readable: boolean
  readonly writable: boolean
  /** Canonical normaliser, then the system's. */
  readonly normalise: (value: CanonicalValue) => CanonicalValue
}
