import type { RecordState } from '../../../model/state.ts'

/**
 * A record as every reading statement returns it.
 *
 * `look` and `claimed_look` hold the systems to read, `toRead` of the contract: those marked since the record was
 * claimed, and those it was claimed with. The columns keep these names, since processes of an earlier version may
 * run on the same database during an upgrade.
 */
export interface RecordColumns {
  readonly id: string
  readonly entity: string
  readonly state: RecordState
  readonly rev: number
  readonly fields: Uint8Array | null
  readonly dirty_seq: number
  readonly clean_seq: number
  readonly look: readonly string[]
  readonly claimed_look: readonly string[]
  readonly causes: readonly string[]
  readonly claimed_causes: readonly string[]
  readonly attempts: number
  readonly discovered_at: number
  readonly tombstone_rev: number | null
  readonly released_rev: number | null
  readonly lease_owner: number | null
  readonly alias_of: string | null
  readonly removal: 'archive' | 'delete' | 'keep' | null
  readonly merging: readonly string[]
}

const names = [
  'id',
  'entity',
  'state',
  'rev',
  'fields',
  'dirty_seq',
  'clean_seq',
  'look',
  'claimed_look',
  'causes',
  'claimed_causes',
  'attempts',
  'discovered_at',
  'tombstone_rev',
  'released_rev',
  'lease_owner',
  'alias_of',
  'removal',
  'merging',
]

/** The select list, for the table under the given alias. */
export function recordColumns(alias: string): string {
  return names.map((name) => `${alias}.${name}`).join(', ')
}
