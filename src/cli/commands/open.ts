/** `isthmus open`: a link by which the person at this machine signs in to the running service. */
import type { Command } from 'commander'
import { UsageError } from '../../model/errors.ts'
import { loadDefinition } from '../../runtime/load-definition.ts'
import { settingsBeside } from '../../runtime/open-integration.ts'
import { askForLink } from '../../server/sign-in/link-socket.ts'
import { parsePort, type Run } from '../command.ts'
import { type CliContext, definitionOf } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'

async function open(context: CliContext, { port }: { readonly port?: number }): Promise<number> {
  const { source } = await loadDefinition({ ...definitionOf(context), secrets: 'keep' })
  const { dataDir } = settingsBeside(source)
  const link = await askForLink(dataDir, {
    person: context.actor,
    ...(port === undefined ? {} : { port }),
  })
  if (link === undefined)
    throw new UsageError(
      'CLI_NOT_FOUND',
      `no process that serves pages answers in ${dataDir}: start one on this machine with isthmus start`,
    )
  context.output.result(
    { link },
    () => `${link}\n\nOpen it in a browser on this machine within a minute; it works once.`,
  )
  return exitCodes.fine
}

/** Adds `isthmus open`. */
export function addOpenCommand(program: Command, run: Run): void {
  program
    .command('open')
    .description('print a one-time link that signs you in to the service on this machine')
    .option('--port <n>', 'the port of the process, where several run', parsePort)
    .action(run(open))
}
