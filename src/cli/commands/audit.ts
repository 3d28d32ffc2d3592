/** `isthmus audit list|verify`: who did and saw what, and whether the record of it is whole. */
import type { Command } from 'commander'
import { readAnchors } from '../../runtime/anchors/anchor-file.ts'
import type { AuditProtection, AuditRow, VerifiedChain } from '../../store/audit-contract.ts'
import { parseLimit, type Run } from '../command.ts'
import { type CliContext, withIntegration } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { ago, table } from '../output.ts'

async function list(context: CliContext, { limit }: { readonly limit: number }): Promise<number> {
  return await withIntegration(context, async (open) => {
    const rows = await open.store.admin.audit({ limit })
    const now = await open.now()
    context.output.result({ audit: rows }, () => draw(rows, now))
    return exitCodes.fine
  })
}

function draw(rows: readonly AuditRow[], now: number): string {
  return table(
    rows,
    [
      { title: 'when', value: ({ at }) => ago(at, now) },
      { title: 'who', value: ({ actor }) => actor },
      { title: 'did', value: ({ action }) => action },
      { title: 'what', value: (row) => row.unreadable ?? inWords(row.details), widthMax: 100 },
    ],
    'nobody has done anything yet',
  )
}

function inWords(details: AuditRow['details']): string {
  return Object.entries(details)
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ')
}

async function verify(context: CliContext, { anchors }: { readonly anchors?: string }): Promise<number> {
  return await withIntegration(context, async ({ store, anchorFile }) => {
    const file = anchors ?? anchorFile
    const known = file === undefined ? undefined : readAnchors(file)
    const heads = known?.heads ?? []
    const verified = [
      await store.admin.verifyChain('journal', heads),
      await store.admin.verifyChain('audit', heads),
    ]
    const protection = await store.admin.auditProtection()
    const result = {
      chains: verified,
      protection,
      ...(known?.at === undefined ? {} : { anchoredAt: known.at }),
    }
    context.output.result(result, () =>
      [...verified.map(chainInWords), ...protectionInWords(protection, known?.at)].join('\n'),
    )
    return verified.some(({ brokenAt }) => brokenAt !== undefined) ? exitCodes.failed : exitCodes.fine
  })
}

function chainInWords({ chain, lines, brokenAt }: VerifiedChain): string {
  if (brokenAt === undefined) return `${chain}: ${lines} lines, the chain holds`
  const where = brokenAt.seq === undefined ? '' : `, line ${brokenAt.seq}`
  return `${chain}: BROKEN in stream ${brokenAt.stream}${where}: ${brokenAt.problem}`
}

function protectionInWords(
  { appendOnly }: AuditProtection,
  anchoredAt: number | undefined,
): readonly string[] {
  return [
    appendOnly
      ? 'rows: append-only for the role of this process'
      : 'rows: tamper-evident only: the role of this process may change and delete them',
    anchoredAt === undefined
      ? 'end: not protected: without anchors (ISTHMUS_ANCHOR_FILE), a removed end is not noticed'
      : `end: compared with the anchors up to ${new Date(anchoredAt).toISOString()}`,
  ]
}

/** Adds `isthmus audit` with its subcommands. */
export function addAuditCommands(program: Command, run: Run): void {
  const audit = program.command('audit').description('who did and saw what, and from where')
  audit
    .command('list')
    .description('list the latest lines of the audit trail, oldest first')
    .option('--limit <n>', 'maximum number of rows', parseLimit, 100)
    .action(run(list))
  audit
    .command('verify')
    .description(
      'recompute the hash chains of the audit trail and the journal, and compare their ends with the anchors',
    )
    .option('--anchors <file>', 'file of anchors (default ISTHMUS_ANCHOR_FILE)')
    .action(run(verify))
}
