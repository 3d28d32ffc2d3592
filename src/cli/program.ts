/** The command line: all commands in one list, and their common options. */
import { Command } from 'commander'
import { errorCodes } from '../model/error-codes.ts'
import { isIsthmusError } from '../model/errors.ts'
import type { Run } from './command.ts'
import type { CliContext } from './context.ts'
import { exitCodes } from './exit-codes.ts'

/** Options that every command takes. */
export interface GlobalOptions {
  readonly definition?: string
  readonly json?: boolean
}

export interface ProgramOptions {
  /** Creates the context once the global options are known. */
  readonly createContext: (options: GlobalOptions) => CliContext
  readonly version: string
  readonly exit: (code: number) => void
  /** Adds commands that are not part of the package. @default none */
  readonly addCommands?: (program: Command, run: Run) => void
}

/** An error and how to resolve it. */
export function describeError(error: unknown): {
  readonly code: string
  readonly message: string
  readonly fix: string
  /** The individual findings, if the message summarises several. */
  readonly problems?: unknown
} {
  if (isIsthmusError(error)) {
    const { problems } = error.details
    const { fix } = errorCodes[error.code]
    return { code: error.code, message: error.message, fix, ...(problems === undefined ? {} : { problems }) }
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { code: 'INTERNAL', message, fix: errorCodes.INTERNAL.fix }
}

type AddCommands = (program: Command, run: Run) => void

/** One module of commands, and the first words of its commands. */
interface CommandGroup {
  readonly names: readonly string[]
  readonly load: () => Promise<AddCommands>
}

/** All commands, in the order of the help text. */
const groups: readonly CommandGroup[] = [
  { names: ['init'], load: async () => (await import('./commands/init.ts')).addInitCommand },
  { names: ['check'], load: async () => (await import('./commands/check.ts')).addCheckCommand },
  { names: ['certify'], load: async () => (await import('./commands/certify.ts')).addCertifyCommand },
  { names: ['try'], load: async () => (await import('./commands/try.ts')).addTryCommand },
  { names: ['start'], load: async () => (await import('./commands/start.ts')).addStartCommand },
  { names: ['open'], load: async () => (await import('./commands/open.ts')).addOpenCommand },
  { names: ['sync', 'full'], load: async () => (await import('./commands/sync.ts')).addSyncCommands },
  { names: ['status'], load: async () => (await import('./commands/status.ts')).addStatusCommand },
  { names: ['pause', 'resume'], load: async () => (await import('./commands/pause.ts')).addPauseCommands },
  { names: ['record'], load: async () => (await import('./commands/record.ts')).addRecordCommands },
  { names: ['failures'], load: async () => (await import('./commands/failures.ts')).addFailuresCommands },
  { names: ['conflicts'], load: async () => (await import('./commands/conflicts.ts')).addConflictsCommands },
  { names: ['matches'], load: async () => (await import('./commands/matches.ts')).addMatchesCommands },
  { names: ['held'], load: async () => (await import('./commands/held.ts')).addHeldCommands },
  { names: ['drift'], load: async () => (await import('./commands/drift.ts')).addDriftCommands },
  {
    names: ['accept-account'],
    load: async () => (await import('./commands/accept-account.ts')).addAcceptAccountCommand,
  },
  { names: ['audit'], load: async () => (await import('./commands/audit.ts')).addAuditCommands },
  { names: ['keys'], load: async () => (await import('./commands/keys.ts')).addKeysCommands },
  { names: ['db'], load: async () => (await import('./commands/db.ts')).addDbCommands },
  { names: ['tokens'], load: async () => (await import('./commands/tokens.ts')).addTokensCommands },
]

/**
 * The groups that the command line names. Loading all of them takes most of a second, since some bring every
 * connector; where no word names a command (a help text, a misspelt command) all are needed.
 */
function groupsIn(words: readonly string[] | undefined): readonly CommandGroup[] {
  if (words === undefined || words.includes('help')) return groups
  if (words.includes('--version') || words.includes('-V')) return []
  const named = groups.filter(({ names }) => names.some((name) => words.includes(name)))
  return named.length === 0 ? groups : named
}

/**
 * Builds the program. It has no effect until it parses arguments.
 *
 * @param words the command line; only the commands that it may name are loaded. @default every command
 */
export async function createProgram(options: ProgramOptions, words?: readonly string[]): Promise<Command> {
  const program = new Command('isthmus')
    .description('Keeps records in agreement across business systems.')
    .version(options.version)
    .option(
      '-d, --definition <file>',
      'the integration definition (isthmus.yaml or isthmus.config.ts in this folder)',
    )
    .option('--json', 'print one JSON value instead of text')
    .showHelpAfterError('(isthmus --help lists every command)')
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
  const run: Run =
    (command) =>
    async (...args) => {
      // commander passes: arguments in order, the command's options, the command.
      const own = args.slice(0, -1)
      const context = options.createContext(program.opts<GlobalOptions>())
      try {
        // The parameter list of each command function mirrors its declaration next to it.
        const call = command as unknown as (context: CliContext, ...rest: unknown[]) => Promise<number>
        options.exit(await call(context, ...own))
      } catch (error) {
        reportError(context, error)
        options.exit(isUsage(error) ? exitCodes.usage : exitCodes.failed)
      }
    }
  for (const add of await Promise.all(groupsIn(words).map(({ load }) => load()))) add(program, run)
  options.addCommands?.(program, run)
  return program
}

function isUsage(error: unknown): boolean {
  return isIsthmusError(error) && error.code === 'CLI_USAGE'
}

function reportError(context: CliContext, error: unknown): void {
  const described = describeError(error)
  if (context.output.json) {
    context.output.result({ error: described }, () => '')
    return
  }
  const { code, message, fix } = described
  context.output.complain(`${message}\n  ${fix} (${code})`)
}
