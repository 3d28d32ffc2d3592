/** The part of the store contract about the definition that a store is bound to. */
import type { LensSet } from '../model/lens/identity.ts'
import type { StoredLensSet } from './lens-sets.ts'

/** A definition to bind. */
export interface BindRequest {
  readonly id: string
  readonly version: string
  readonly document: unknown
  /** Lenses of the definition. @default none: no base is ever replaced */
  readonly lenses?: readonly LensSet[]
  /**
   * Lenses of the definition bound until now. Used only while the store has no lens sets: see {@link
   * StoredLensSet.legacy}.
   */
  readonly before?: readonly LensSet[]
}

/** The result of binding a definition. */
export interface Binding {
  /** The epoch of this process. Once a later one is bound, it claims and decides nothing more. */
  readonly epoch: number
  /** Version that was bound before, possibly the same; undefined at the first binding. */
  readonly previous?: string
  /** Every lens set in the store, including the current ones of this definition. */
  readonly lenses: readonly StoredLensSet[]
}

/** The definition that a store is bound to. */
export interface Bound {
  readonly id: string
  readonly version: string
  /** Incremented each time another definition is bound. */
  readonly epoch: number
  /** The definition itself, without its functions; undefined when its document is not stored. */
  readonly document: unknown
  /** Every lens set in the store. */
  readonly lenses: readonly StoredLensSet[]
}

/** A range of a place's records to be marked, in the order of their ids. */
export interface MarkPlaceRequest {
  readonly system: string
  readonly entity: string
  readonly after?: string
  readonly limit: number
}

/** `last`: the last id, after which the next call continues; undefined at the end. */
export interface MarkPlaceResult {
  readonly marked: number
  readonly last?: string
}

/** The definition that is bound to a store, and the lens sets of earlier ones. */
export interface BindingStore {
  /**
   * Binds the store to a definition of one integration. Another version, or other lenses, than those that are
   * bound begin a new epoch, and claims of older ones decide nothing more (`Lease.binding`); the same
   * definition shares the epoch.
   *
   * @throws STORE_OTHER_INTEGRATION
   */
  bind(request: BindRequest): Promise<Binding>
  /** The binding of the store; undefined before the first {@link bind}. Changes nothing. */
  bound(): Promise<Bound | undefined>
  /** The epoch of the bound definition; 0 before the first. */
  bindingEpoch(): Promise<number>
  /** Marks active records that have no member in the system because it joined their entity later. */
  markUnplaced(request: MarkPlaceRequest): Promise<MarkPlaceResult>
  /** Marks the records whose member in the system was read through another lens set than the current one. */
  markOutdated(request: MarkPlaceRequest): Promise<MarkPlaceResult>
}
