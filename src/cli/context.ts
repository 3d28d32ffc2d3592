/** The context of every command: its output, and access to the integration. */
import type { Integration } from '../model/integration.ts'
import type { BackupAdmin } from '../store/backup-contract.ts'
import type { Store } from '../store/contract.ts'
import type { SealingAdmin } from '../store/sealing-contract.ts'
import type { Output } from './output.ts'

/** The integration's store, opened without starting the engine. */
export interface OpenIntegration {
  readonly integration: Integration
  readonly store: Store
  /** The keys of the store; absent in a store that has none, as in tests. */
  readonly sealing?: SealingAdmin
  /** Where the master key is configured. */
  readonly masterKey?: string
  /** Backups of the store; absent in a store that has none, as in tests. */
  readonly backup?: BackupAdmin
  /** The key of the keyed hashes, as text, where it is kept beside the data. */
  readonly hashKey?: string
  /** Returns the bytes of the master key, for a recovery kit. */
  exportMasterKey(): Uint8Array
  /** Where anchors of the journal and the audit trail are stored. */
  readonly anchorFile?: string
  /** On the database's clock. */
  now(): Promise<number>
  close(): Promise<void>
}

/** What every command gets: its folder, its output, and the person who runs it. */
export interface CliContext {
  readonly output: Output
  /** Who acts, for the journal: the operating system's user name. */
  readonly actor: string
  /** Directory in which files are searched and written: the working directory. */
  readonly directory: string
  /** The file named by `--definition`; otherwise the definition is searched in `directory`. */
  readonly definition?: string
  /**
   * Handles Ctrl-C and SIGTERM for a command that needs a graceful shutdown; the second signal ends the
   * process immediately. Other commands are ended by the first signal, which is always safe.
   */
  untilStopped(): AbortSignal
  open(): Promise<OpenIntegration>
}

/** Opens the store, runs the function, and closes the store in every case. */
export async function withIntegration<T>(
  context: CliContext,
  use: (open: OpenIntegration) => Promise<T>,
): Promise<T> {
  const open = await context.open()
  try {
    return await use(open)
  } finally {
    await open.close()
  }
}

/** Options for loading the definition. */
export function definitionOf(context: CliContext): { readonly directory: string; readonly file?: string } {
  const { directory, definition } = context
  return { directory, ...(definition === undefined ? {} : { file: definition }) }
}
