/** `isthmus accept-account <system>`: accepts the current account as the right one. */
import type { Command } from 'commander'
import { UsageError } from '../../model/errors.ts'
import type { Run } from '../command.ts'
import type { CliContext } from '../context.ts'
import { withIntegration } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'

async function accept(context: CliContext, system: string): Promise<number> {
  return await withIntegration(context, async ({ integration, store }) => {
    if (!integration.systems.has(system))
      throw new UsageError('CLI_NOT_FOUND', `the definition has no system "${system}"`)
    const verdict = await store.admin.acceptAccount(system, context.actor)
    context.output.result({ system, ...verdict }, () => {
      if (verdict.kind === 'unknown')
        return `${system} has not been queried yet: its first response is accepted, so there is nothing to do`
      if (verdict.kind === 'same') return `${system} still responds with the same account, ${verdict.account}`
      return `${system} is ${verdict.account} from now on; it was ${verdict.before}. Changes held because of it are listed by \`isthmus held list\``
    })
    return exitCodes.fine
  })
}

/** Adds `isthmus accept-account`. */
export function addAcceptAccountCommand(program: Command, run: Run): void {
  program
    .command('accept-account <system>')
    .description('accept the account that a system responds with now; its deletions are propagated again')
    .action(run(accept))
}
