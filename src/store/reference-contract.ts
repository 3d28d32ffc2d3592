/** Questions about references: which record a native id belongs to, and the other way round. */

export interface ReferenceQuery {
  readonly system: string
  readonly entity: string
  /** Native → record … */
  readonly nativeId?: string
  /** … or record → native. */
  readonly recordId?: string
}

/** Same order as asked; undefined = unknown. Merged records answer with their survivor. */
export type ReferenceResponse = { readonly recordId: string; readonly nativeId: string } | undefined
