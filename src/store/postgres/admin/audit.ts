/** Reading the audit trail, and verifying both hash chains. */
import { readOrElse } from '../../../model/unreadable-row.ts'
import type {
  AnchoredHead,
  AuditRow,
  AuditStore,
  Chain,
  HeadsSince,
  VerifiedChain,
} from '../../audit-contract.ts'
import { actingFrom, detailsOf } from '../../audit-lines.ts'
import { decodeLossless } from '../../documents.ts'
import { chainProblem, entriesIn, type JournalHead, linePlace, newStream } from '../../journal-chain.ts'
import type { PostgresContext } from '../context.ts'
import type { Session } from '../database.ts'
import { readProtection, saveAnchor } from '../sql/audit.ts'
import { type JournalColumns, journalStarts, readAudit, readJournal } from '../sql/read-journal.ts'
import { readNow } from '../sql/read-now.ts'
import { fromText } from '../text.ts'
import { toLine } from './journal.ts'

const verifyRows = 5000
const auditRowsMax = 10_000

/** Creates the part of the `AdminStore` for the audit trail. */
export function createPostgresAudit(context: PostgresContext): AuditStore {
  const { database, journal } = context
  return {
    actingFrom,
    recordAudit: (entry) =>
      journal.borrow((append) =>
        database.transaction('recording in the audit trail', async (session) => {
          await append(session, [], await readNow(session), [entry])
        }),
      ),
    audit: ({ afterSeq, limit }) => readRows(context, afterSeq, Math.min(limit, auditRowsMax)),
    verifyChain: (chain, heads) => verifyChain(context, chain, heads),
    headsSince: async (after) => {
      const session = database.session('reading the ends of streams')
      const [lines, audited] = [
        await headsOf(session, 'journal', after),
        await headsOf(session, 'audit', after),
      ]
      return {
        heads: [...lines.heads, ...audited.heads],
        upTo: { journal: lines.upTo, audit: audited.upTo },
      } satisfies HeadsSince
    },
    noteAnchor: () => saveAnchor(database.session('noting an anchor')),
    auditProtection: async () => {
      const row = await readProtection(database.session('reading how the audit trail is protected'))
      const { append_only: appendOnly, anchored_at: anchoredAt } = row
      return { appendOnly, ...(anchoredAt === null ? {} : { anchoredAt }) }
    },
  }
}

async function readRows(
  { database, codec }: PostgresContext,
  afterSeq: number | undefined,
  limit: number,
): Promise<readonly AuditRow[]> {
  const rows = await readAudit(database.session('reading the audit trail'), afterSeq, limit)
  return rows.map((row) => ({
    seq: row.seq,
    stream: row.stream,
    at: row.at,
    action: row.kind,
    actor: fromText(row.actor),
    ...readOrElse<Pick<AuditRow, 'details' | 'unreadable'>>(
      () => {
        const place = linePlace('audit', row.stream, row.position, row.record_id ?? undefined)
        return { details: detailsOf(decodeLossless(codec, place, row.body)) }
      },
      (unreadable) => ({ details: {}, unreadable }),
    ),
  }))
}

function readLines(session: Session, chain: Chain, afterSeq: number): Promise<JournalColumns[]> {
  return chain === 'journal'
    ? readJournal(session, undefined, afterSeq, verifyRows)
    : readAudit(session, afterSeq, verifyRows)
}

/** Calls back for each line, in the order of the sequence numbers. */
async function walk(
  session: Session,
  chain: Chain,
  after: number,
  each: (row: JournalColumns) => boolean,
): Promise<void> {
  let afterSeq = after
  for (;;) {
    const rows = await readLines(session, chain, afterSeq)
    for (const row of rows) if (!each(row)) return
    if (rows.length < verifyRows) return
    afterSeq = rows.at(-1)?.seq ?? afterSeq
  }
}

/** Sequence numbers grow with the positions of a stream, so one walk through the table follows every stream at once. */
async function verifyChain(
  { database }: PostgresContext,
  chain: Chain,
  anchored: readonly AnchoredHead[],
): Promise<VerifiedChain> {
  const session = database.session('verifying a hash chain')
  const heads = new Map<string, JournalHead>()
  // Only the journal has lines that retention removes.
  const starts = chain === 'journal' ? await journalStarts(session) : []
  for (const { stream, position, hash } of starts) heads.set(stream, { stream, position, hash })
  const wanted = new Map(
    anchored
      .filter((head) => head.chain === chain && head.position > (heads.get(head.stream)?.position ?? 0))
      .map((head) => [`${head.stream}/${head.position}`, head]),
  )
  let lines = 0
  let brokenAt: VerifiedChain['brokenAt']
  await walk(session, chain, 0, (row) => {
    const line = toLine(row)
    lines += entriesIn(line)
    const key = `${line.stream}/${line.position}`
    const head = wanted.get(key)
    wanted.delete(key)
    const isOther = head !== undefined && head.hash !== Buffer.from(line.hash).toString('hex')
    const problem =
      chainProblem(heads.get(line.stream) ?? newStream(line.stream), line) ??
      (isOther ? 'it is not the line that an anchor names' : undefined)
    if (problem !== undefined) brokenAt = { stream: line.stream, seq: row.seq, problem }
    heads.set(line.stream, { stream: line.stream, position: line.position, hash: line.hash })
    return problem === undefined
  })
  const [lost] = wanted.values()
  if (brokenAt === undefined && lost !== undefined)
    brokenAt = { stream: lost.stream, problem: `line ${lost.position}, which an anchor names, is missing` }
  return { chain, lines, ...(brokenAt === undefined ? {} : { brokenAt }) }
}

async function headsOf(session: Session, chain: Chain, after: Readonly<Record<Chain, number>>) {
  const last = new Map<string, AnchoredHead>()
  let upTo = after[chain]
  await walk(session, chain, upTo, (row) => {
    const { stream, position } = row
    last.set(stream, { chain, stream, position, hash: Buffer.from(row.hash).toString('hex') })
    upTo = row.seq
    return true
  })
  return { heads: [...last.values()], upTo }
}
