/** `isthmus start`: runs the service until it receives a stop signal. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { keepAnchors } from '../../runtime/anchors/keep-anchors.ts'
import type { Settings } from '../../runtime/config.ts'
import { roles as allRoles, type IsthmusRuntime, type Role } from '../../runtime/create-runtime.ts'
import { type SignIn, signInOf } from '../../runtime/sign-in/sign-in.ts'
import type { RunningServer, ServerOptions } from '../../server/create-server.ts'
import { serverDependencies } from '../../server/from-runtime.ts'
import { listen } from '../../server/listen.ts'
import { isLocalServer } from '../../server/require-safe.ts'
import { linkTo, serveLinks } from '../../server/sign-in/link-socket.ts'
import { createLocalLinks } from '../../server/sign-in/local-links.ts'
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
    const { tls, trustedProxy, publicUrl } = settings
    const signIn = signInOf(settings)
    const server = await serve(
      runtime,
      {
        port: options.port ?? settings.port,
        host: options.host ?? settings.host,
        ...(tls === undefined ? {} : { tls }),
        ...(trustedProxy === undefined ? {} : { trustedProxy }),
        ...(publicUrl === undefined ? {} : { publicUrl }),
      },
      signIn,
    )
    const stopAnchors = new AbortController()
    let anchors: Promise<void> | undefined
    const socket = await server.serveLinks(settings.dataDir)
    try {
      runtime.start()
      anchors = anchorsOf(runtime, settings, stopAnchors.signal)
      const started = {
        integration: runtime.integration.id,
        changes: runtime.changes,
        url: server.url,
        roles: options.role,
        pid: process.pid,
      }
      output.result(started, () => announce(context, started))
      // Only a terminal is seen by the person alone: the output of a service ends in a log.
      const link = output.isTerminal ? server.createLink(context.actor) : undefined
      if (link !== undefined) output.say(`sign in      ${link} (once, within a minute; later: isthmus open)`)
      await Promise.race([aborted(stop), aborted(runtime.lost)])
      runtime.lost.throwIfAborted()
      output.say('stopping: finishing work in progress (press again to exit immediately)')
    } finally {
      stopAnchors.abort()
      await anchors
      await socket?.close()
      await server.close()
      await signIn?.close()
    }
  } finally {
    await runtime.stop()
  }
  return exitCodes.fine
}

/** Every process that serves people stores anchors: what they do is what has to be proved. */
function anchorsOf(
  { roles, store, events }: IsthmusRuntime,
  { anchorFile: file }: Settings,
  signal: AbortSignal,
): Promise<void> | undefined {
  if (file === undefined || !(roles.has('web') || roles.has('scheduler'))) return undefined
  return keepAnchors({ store, file, emit: events.emit, signal })
}

interface Served extends RunningServer {
  /** Returns a link by which a person signs in; undefined where the process shows no pages to this machine alone. */
  createLink(person: string): string | undefined
  serveLinks(directory: string): Promise<{ close(): Promise<void> } | undefined>
}

async function serve(
  runtime: IsthmusRuntime,
  options: ServerOptions,
  signIn: SignIn | undefined,
): Promise<Served> {
  const { roles } = runtime
  const serves = { hooks: roles.has('intake'), pages: roles.has('web') }
  const links = createLocalLinks()
  const access = { links, ...(signIn === undefined ? {} : { signIn }) }
  const server = await listen(serverDependencies(runtime, access), { ...options, serves })
  const offersLinks = serves.pages && isLocalServer(options)
  return {
    ...server,
    createLink: (person) => (offersLinks ? linkTo(server.url, links.create(person)) : undefined),
    serveLinks: async (directory) =>
      offersLinks ? await serveLinks(links, { directory, url: server.url }) : undefined,
  }
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
