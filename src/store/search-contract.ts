/** Finding records by what people know of them. */
import type { MatchKey } from '../model/matching/contract.ts'
import type { RecordState } from '../model/state.ts'

/** What a text may be. */
export interface RecordSearch {
  /** A record id. */
  readonly recordId?: string
  /** A native id, in these places. */
  readonly nativeId: string
  readonly places: readonly { readonly system: string; readonly entity: string }[]
  /** A value of a field that records are matched by: the keys that it would have. Values themselves can't be searched. */
  readonly keys: readonly { readonly entity: string; readonly key: MatchKey }[]
  /** 1..200. */
  readonly limit: number
}

/** A record that was found, and by what. */
export interface RecordHit {
  readonly recordId: string
  readonly entity: string
  readonly state: RecordState
  /** `value`: of a field that records are matched by · `similar`: it shares a key by which similar values are compared */
  readonly by: 'record id' | 'native id' | 'value' | 'similar'
  /** System of the native id. */
  readonly system?: string
}

/** Search of records. */
export interface SearchAdmin {
  /** The surest hits first; a record that is found in several ways is named once. */
  findRecords(search: RecordSearch): Promise<readonly RecordHit[]>
}
