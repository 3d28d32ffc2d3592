/**
 * How a database gets the newest format while processes work on it.
 *
 * 1. Expand: a package that is newer than the database extends the schema when it opens it. Packages of the version
 *    before continue to run, and can be started again. All documents are written in the format that they read.
 * 2. Contract: once a person says that no older package will be started again. Their workers claim nothing from then
 *    on, and the newer ones write the newest format.
 * 3. Convert: the remaining documents are rewritten, a bounded number at a time, beside the work. It can be
 *    interrupted at any time.
 */

/** See `document-format.ts`. */
export type DocumentFormat = 1 | 2 | 3

export interface FormatState {
  /** The format in which documents are written. */
  readonly written: DocumentFormat
  /** The newest one that this package knows. */
  readonly newest: DocumentFormat
  /** No fields are left in an older format. */
  readonly converted: boolean
}

/** The upgrade of a database, by a person. */
export interface FormatAdmin {
  documentFormat(): Promise<FormatState>
  /** Returns false when the newest format was written already. */
  contract(actor: string): Promise<boolean>
  /**
   * Rewrites the fields of at most `limit` records, after {@link contract}; 0 once all are in the newest format.
   * Rows that can't be read are left as they are.
   */
  convertDocuments(limit: number): Promise<number>
}
