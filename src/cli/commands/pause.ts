/** `isthmus pause` and `isthmus resume`: stop and continue the work of all processes. */
import type { Command } from 'commander'
import type { Run } from '../command.ts'
import type { CliContext } from '../context.ts'
import { withIntegration } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'

async function pause(context: CliContext, options: { readonly reason?: string }): Promise<number> {
  return await withIntegration(context, async ({ store }) => {
    const paused = await store.admin.pause(context.actor, options.reason)
    store.wake()
    context.output.result({ paused: true, changed: paused }, () =>
      paused
        ? 'paused: work in progress finishes and no new work starts; webhooks are still accepted (isthmus resume continues)'
        : 'already paused (isthmus status shows by whom)',
    )
    return exitCodes.fine
  })
}

async function resume(context: CliContext): Promise<number> {
  return await withIntegration(context, async ({ store }) => {
    const resumed = await store.admin.resume(context.actor)
    store.wake()
    context.output.result({ paused: false, changed: resumed }, () =>
      resumed ? 'the work continues' : 'it was not paused',
    )
    return exitCodes.fine
  })
}

/** Adds `isthmus pause` and `isthmus resume`. */
export function addPauseCommands(program: Command, run: Run): void {
  program
    .command('pause')
    .description('pause the work of all processes until resume; webhooks are still accepted')
    .option('--reason <text>', 'the reason, shown by status')
    .action(run(pause))
  program.command('resume').description('continue after a pause').action(run(resume))
}
