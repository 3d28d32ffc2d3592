/** `isthmus db contract`: ends the upgrade of the database. */
import type { Command } from 'commander'
import { counted } from '../../model/health/words.ts'
import type { FormatAdmin } from '../../store/format-contract.ts'
import type { Run } from '../command.ts'
import type { CliContext } from '../context.ts'
import { withIntegration } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'

/** Records that are rewritten in one transaction: workers that need one of them wait no longer than that. */
const batch = 200

async function contract(context: CliContext): Promise<number> {
  return await withIntegration(context, async ({ store }) => {
    const contracted = await store.admin.contract(context.actor)
    // Workers of older packages notice it at their next claim.
    store.wake()
    const converted = await convert(context, store.admin)
    const format = await store.admin.documentFormat()
    context.output.result({ contracted, converted, format }, () => describe(contracted, converted))
    return exitCodes.fine
  })
}

async function convert({ output }: CliContext, admin: FormatAdmin): Promise<number> {
  let converted = 0
  for (;;) {
    const rewritten = await admin.convertDocuments(batch)
    converted += rewritten
    output.progress(`converting documents: ${counted(converted, 'record')} so far`)
    if (rewritten === batch) continue
    output.progressDone()
    return converted
  }
}

function describe(contracted: boolean, converted: number): string {
  if (!contracted && converted === 0) return 'nothing to do: the database requires this version already'
  const records = counted(converted, 'record')
  return contracted
    ? `older packages can't use the database any more; the documents of ${records} are converted`
    : `the documents of ${records} are converted`
}

/** Adds `isthmus db` with its subcommands. */
export function addDbCommands(program: Command, run: Run): void {
  const db = program.command('db').description('the database')
  db.command('contract')
    .description(
      'end an upgrade: older packages can no longer use the database, and documents are converted to the newest format while the work goes on',
    )
    .action(run(contract))
}
