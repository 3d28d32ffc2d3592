/** The command line: all commands in one list, and their common options. */
import { Command } from 'commander'
import { errorCodes } from '../model/error-codes.ts'
import { isIsthmusError } from '../model/errors.ts'
import type { Run } from './command.ts'
import { addAcceptAccountCommand } from './commands/accept-account.ts'
import { addCertifyCommand } from './commands/certify.ts'
import { addCheckCommand } from './commands/check.ts'
import { addConflictsCommands } from './commands/conflicts.ts'
import { addDriftCommands } from './commands/drift.ts'
import { addFailuresCommands } from './commands/failures.ts'
import { addHeldCommands } from './commands/held.ts'
import { addInitCommand } from './commands/init.ts'
import { addMatchesCommands } from './commands/matches.ts'
import { addPauseCommands } from './commands/pause.ts'
import { addRecordCommands } from './commands/record.ts'
import { addStartCommand } from './commands/start.ts'
import { addStatusCommand } from './commands/status.ts'
import { addSyncCommands } from './commands/sync.ts'
import { addTryCommand } from './commands/try.ts'
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

/** Builds the program. It has no effect until it parses arguments. */
export function createProgram(options: ProgramOptions): Command {
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
  addInitCommand(program, run)
  addCheckCommand(program, run)
  addCertifyCommand(program, run)
  addTryCommand(program, run)
  addStartCommand(program, run)
  addSyncCommands(program, run)
  addStatusCommand(program, run)
  addPauseCommands(program, run)
  addRecordCommands(program, run)
  addFailuresCommands(program, run)
  addConflictsCommands(program, run)
  addMatchesCommands(program, run)
  addHeldCommands(program, run)
  addDriftCommands(program, run)
  addAcceptAccountCommand(program, run)
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
