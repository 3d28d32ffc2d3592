/** Runs the command line: parses it, passes each command its context, and exits with its exit code. */
import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { CommanderError } from 'commander'
import { errorCodes } from '../model/error-codes.ts'
import { wantsNoColour } from '../runtime/config.ts'
import type { CliContext } from './context.ts'
import { exitCodes } from './exit-codes.ts'
import { keyCreatedText } from './key-created.ts'
import { keepHeapSmall } from './memory.ts'
import { createOutput, type Output } from './output.ts'
import { createProgram, describeError, type GlobalOptions, type ProgramOptions } from './program.ts'
import { stopSignal } from './stop-signal.ts'

function versionOf(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  const { version } = JSON.parse(text) as { readonly version: string }
  return version
}

/** A container may run under a user id without a name. */
function actor(): string {
  try {
    return userInfo().username
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`
  }
}

function outputFor(json: boolean): Output {
  return createOutput({
    json,
    out: process.stdout,
    err: process.stderr,
    noColour: wantsNoColour(),
    monotonic: () => performance.now(),
  })
}

function createContext({ json, definition }: GlobalOptions): CliContext {
  const directory = process.cwd()
  const output = outputFor(json === true)
  const named = definition === undefined ? {} : { definition }
  return {
    output,
    actor: actor(),
    directory,
    ...named,
    untilStopped: stopSignal,
    open: async () => {
      const { openIntegration } = await import('../runtime/open-integration.ts')
      const where = { directory, ...(definition === undefined ? {} : { file: definition }) }
      return openIntegration(where, { onKeyCreated: (file) => output.complain(keyCreatedText(file)) })
    },
  }
}

/** Resolves when all output has been flushed, because a pipe may be slower than the process. */
function exit(code: number): void {
  process.exitCode = code
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)))
}

/** A reader of our output may close the pipe (`| head`); that is not an error. */
function ignoreClosedPipe(error: Error & { readonly code?: string }): void {
  if (error.code === 'EPIPE') process.exit()
  throw error
}

function failUnexpectedly(error: unknown): void {
  const { code, message, fix } = describeError(error)
  process.stderr.write(`${message}\n  ${fix} (${code})\n`)
  process.exit(exitCodes.failed)
}

/** Runs the program on the arguments of the process. Called once, by an entry point. */
export async function runCli(more: Pick<ProgramOptions, 'addCommands'> = {}): Promise<void> {
  keepHeapSmall()
  process.stdout.on('error', ignoreClosedPipe)
  process.stderr.on('error', ignoreClosedPipe)
  process.on('uncaughtException', failUnexpectedly)
  process.on('unhandledRejection', failUnexpectedly)

  try {
    const program = await createProgram(
      { createContext, version: versionOf(), exit, ...more },
      process.argv.slice(2),
    )
    await program.parseAsync(process.argv)
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    // Commander has printed its message, the help or the version already.
    const code = error.exitCode === 0 ? exitCodes.fine : exitCodes.usage
    if (code === exitCodes.usage && process.argv.includes('--json')) {
      const message =
        error.code === 'commander.help' ? 'specify a command' : error.message.replace(/^error: /, '')
      const { fix } = errorCodes.CLI_USAGE
      outputFor(true).result({ error: { code: 'CLI_USAGE', message, fix } }, () => '')
    }
    exit(code)
  }
}
