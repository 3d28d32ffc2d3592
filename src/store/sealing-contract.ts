/** What people see and decide about the keys of a store. */
import type { MasterKey } from './sealing/master-key.ts'

/** A key that wraps others, as shown to people. */
export interface WrappingKeyRow {
  readonly id: number
  /** Nothing is wrapped with a `retiring` one any more. */
  readonly state: 'active' | 'retiring'
  readonly createdAt: number
  /** Id of the master key that wraps it. */
  readonly master: string
  /** Keys of records that it wraps. */
  readonly records: number
  /** There are more: counting ends at 100,000. */
  readonly isCut: boolean
}

/** The state of the sealing. */
export type SealingStatus =
  | { readonly sealed: false }
  | {
      readonly sealed: true
      readonly sealedAt: number
      readonly wrappingKeys: readonly WrappingKeyRow[]
      /** Days with a key for their deliveries. */
      readonly dayKeys: number
    }

/** Progress of a rotation. */
export interface RotationProgress {
  /** The active wrapping key. */
  readonly active: number
  /** Keys of records that are wrapped with it now, by this command. */
  readonly rewrapped: number
}

/** Administration of the keys. All methods throw STORE_KEY_MISSING in a store that is not sealed. */
export interface SealingAdmin {
  status(): Promise<SealingStatus>
  /**
   * Makes a new wrapping key and wraps all keys with it, in short transactions while the service runs. A rotation
   * that was interrupted is continued instead.
   *
   * @param onProgress called after each transaction
   */
  rotate(
    onProgress?: (progress: RotationProgress) => void,
  ): Promise<RotationProgress & { readonly resumed: boolean }>
  /** Wraps the wrapping keys with another master key. Processes that run keep working and need it at their next start. */
  changeMaster(to: MasterKey): Promise<void>
  /** Removes retiring wrapping keys that wrap nothing any more; returns their ids. */
  retire(): Promise<readonly number[]>
}
