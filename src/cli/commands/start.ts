/** `isthmus start`: runs the service until it receives a stop signal. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { roles as allRoles, type IsthmusRuntime, type Role } from '../../runtime/create-runtime.ts'
import type { RunningServer } from '../../server/create-server.ts'
import { serverDependencies } from '../../server/from-runtime.ts'
import { listen } from '../../server/listen.ts'
import { parsePort, type Run } from '../command.ts'
import type { CliContext } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { openService } from '../service.ts'

const changesMax = 20

interface StartOptions {
  readonly role: readonly Role[]
  readonly port?: number
  readonly host?: string
}

function parseRoles(text: string): readonly Role[] {
  const names = text.split(',').map((name) => name.trim())
  const known = allRoles.filter((role) => names.includes(role))
  if (known.length > 0 && names.every((name) => allRoles.some((role) => role === name))) return known
  throw new InvalidArgumentError(`one or more of ${allRoles.join(', ')}, separated by commas`)
}

async function start(context: CliContext, options: StartOptions): Promise<number> {
  const { output } = context
  const stop = context.untilStopped()
  const { runtime, settings } = await openService(context, { roles: options.role })
  try {
    const server = await serve(runtime, {
      port: options.port ?? settings.port,
      host: options.host ?? settings.host,
    })
    try {
      runtime.start()
      const started = {
        integration: runtime.integration.id,
        changes: runtime.changes,
        url: server.url,
        roles: options.role,
        pid: process.pid,
      }
      output.result(started, () => announce(context, started))
      await Promise.race([aborted(stop), aborted(runtime.lost)])
      runtime.lost.throwIfAborted()
      output.say('stopping: finishing work in progress (press again to exit immediately)')
    } finally {
      await server.close()
    }
  } finally {
    await runtime.stop()
  }
  return exitCodes.fine
}

function serve(
  runtime: IsthmusRuntime,
  { port, host }: { readonly port: number; readonly host: string },
): Promise<RunningServer> {
  const { roles } = runtime
  const serves = { hooks: roles.has('intake'), pages: roles.has('web') }
  return listen(serverDependencies(runtime), { port, host, serves })
}

function announce(
  { output }: CliContext,
  started: Pick<IsthmusRuntime, 'changes'> & {
    readonly integration: string
    readonly url: string
    readonly roles: readonly Role[]
  },
): string {
  const { bold } = output.style
  const all = started.roles.length === allRoles.length
  return [
    `${bold(started.integration)} is running${all ? '' : ` as ${started.roles.join(', ')}`}`,
    ...changesText(started.changes),
    ...(started.roles.includes('web') ? [`status page  ${bold(started.url)}`] : []),
    ...(started.roles.includes('intake') ? [`webhooks     ${started.url}/hooks/<system>`] : []),
    `health       ${started.url}/readyz`,
    'Ctrl-C stops it',
  ].join('\n')
}

/**
 * Lists how the definition differs from the previous one; a long list is truncated, because the log contains
 * all differences.
 */
function changesText(changes: IsthmusRuntime['changes']): string[] {
  if (changes.length === 0) return []
  const shown = changes.slice(0, changesMax).map(({ message }) => `  ${message}`)
  const more = changes.length > changesMax ? [`  and ${changes.length - changesMax} more`] : []
  return ['the mapping has changed since the last run:', ...shown, ...more]
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

/** Adds `isthmus start`. */
export function addStartCommand(program: Command, run: Run): void {
  program
    .command('start')
    .description('run the service until Ctrl-C or SIGTERM; processes on the same database share the work')
    .addOption(
      new Option('--role <roles>', `what this process does: ${allRoles.join(', ')}`)
        .argParser(parseRoles)
        .default(allRoles, 'all'),
    )
    .option('--port <n>', 'port of the server, 0 for any (default ISTHMUS_PORT, or 4780)', parsePort)
    .option('--host <address>', 'address to listen on (default ISTHMUS_HOST, or 127.0.0.1)')
    .action(run(start))
}
