/** A copy of a whole store, taken while processes work with it, and its restoration into an empty database. */

/** A table of a backup. */
export interface BackupTable {
  readonly name: string
  readonly columns: readonly string[]
}

/** What a backup contains, known before its first row. */
export interface BackupDescription {
  /** Id of the integration; absent when nothing was bound yet. */
  readonly integration?: string
  /** On the database's clock. */
  readonly takenAt: number
  /** Names of the migrations that the tables come from, in their order. */
  readonly migrations: readonly string[]
  /** In an order in which they can be filled: a table after those that it refers to. */
  readonly tables: readonly BackupTable[]
  /** The last value of each sequence that was used. */
  readonly sequences: Readonly<Record<string, number>>
  /** Ids of the master keys that a sealed store needs; none for one that is not sealed. */
  readonly masterKeys: readonly string[]
}

/** Rows of one table. The parts of a table follow each other; a row may continue in the next part. */
export interface BackupPart {
  readonly table: string
  readonly bytes: Uint8Array
}

/** Backup and restoration, by a person. */
export interface BackupAdmin {
  /**
   * Reads all tables as they are at one moment, while `use` consumes them. Documents stay sealed. Nothing waits for it.
   *
   * @returns what `use` returns
   */
  backUp<T>(use: (description: BackupDescription, parts: AsyncIterable<BackupPart>) => Promise<T>): Promise<T>
  /**
   * Creates the schema of the backup and fills it, in one transaction: when it fails, or `parts` does, nothing is left. Everything is listed afresh afterwards, so
   * that what happened after the backup is noticed.
   *
   * @throws IsthmusError STORE_NOT_EMPTY · STORE_NEWER_SCHEMA · STORE_KEY_WRONG · STORE_KEY_MISSING · BACKUP_INVALID
   */
  restore(description: BackupDescription, parts: AsyncIterable<BackupPart>): Promise<void>
}
