/** What every command gets: its output, and the way to the integration. */
import type { Integration } from '../model/integration.ts'
import type { Store } from '../store/contract.ts'
import type { Output } from './output.ts'

/** The integration's store, opened without starting the engine. */
export interface OpenIntegration {
  readonly integration: Integration
  readonly store: Store
  /** On the database's clock. */
  now(): Promise<number>
  close(): Promise<void>
}

export interface CliContext {
  readonly output: Output
  /** Who acts, for the journal: the operating system's user name. */
  readonly actor: string
  /** Where files are looked for and written: the working directory. */
  readonly directory: string
  /** The file named by `--definition`; otherwise it is looked for in `directory`. */
  readonly definition?: string
  /**
   * Takes over Ctrl-C and SIGTERM for a command that has something to bring to an end; the second one ends the process at once. Commands that
   * don't ask are ended by the first, which is always safe.
   */
  untilStopped(): AbortSignal
  open(): Promise<OpenIntegration>
}

/** Opens, runs and closes again, whatever happens. */
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

/** What loading the definition takes. */
export function definitionOf(context: CliContext): { readonly directory: string; readonly file?: string } {
  const { directory, definition } = context
  return { directory, ...(definition === undefined ? {} : { file: definition }) }
}
