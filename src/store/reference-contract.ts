/** Queries about references: which record a native id belongs to, and the reverse. */

export interface ReferenceQuery {
  readonly system: string
  readonly entity: string
  /** Native → record … */
  readonly nativeId?: string
  /** … or record → native. */
  readonly recordId?: string
}

/** In the order of the queries; undefined = unknown. Merged records return their survivor. */
export type ReferenceResponse = { readonly recordId: string; readonly nativeId: string } | undefined
