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
