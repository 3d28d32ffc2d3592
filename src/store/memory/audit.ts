/** The audit trail on the memory store, and both hash chains. */
import { readOrElse } from '../../model/unreadable-row.ts'
import type { AnchoredHead, AuditRow, AuditStore, Chain, VerifiedChain } from '../audit-contract.ts'
import { actingFrom, detailsOf } from '../audit-lines.ts'
import { decodeLossless } from '../documents.ts'
import { chainProblem, entriesIn, type JournalLine, linePlace, newStream } from '../journal-chain.ts'
import { appendAudit, type MemoryContext } from './tables.ts'

/** Creates the part of the `AdminStore` for the audit trail. */
export function createMemoryAudit(context: MemoryContext): AuditStore {
  const { tables } = context
  return {
    actingFrom,
    recordAudit: async (entry) => appendAudit(context, [entry]),
    audit: async ({ afterSeq, limit }) => {
      const lines =
        afterSeq === undefined
          ? tables.audit.slice(-limit)
          : tables.audit.filter(({ position }) => position > afterSeq).slice(0, limit)
      return lines.map((line) => rowOf(context, line))
    },
    verifyChain: async (chain, heads) => verifyChain(context, chain, heads),
    headsSince: async (after) => ({
      heads: [
        ...headOf('journal', tables.journal, after.journal),
        ...headOf('audit', tables.audit, after.audit),
      ],
      upTo: {
        journal: tables.journal.at(-1)?.position ?? after.journal,
        audit: tables.audit.at(-1)?.position ?? after.audit,
      },
    }),
    noteAnchor: async () => {
      tables.anchoredAt = context.now()
    },
    auditProtection: async () => ({
      appendOnly: false,
      ...(tables.anchoredAt === undefined ? {} : { anchoredAt: tables.anchoredAt }),
    }),
  }
}

function rowOf({ codec }: MemoryContext, { stream, position, at, kind, actor, body }: JournalLine): AuditRow {
  return {
    seq: position,
    stream,
    at,
    action: kind,
    actor,
    ...readOrElse<Pick<AuditRow, 'details' | 'unreadable'>>(
      () => ({
        details: detailsOf(decodeLossless(codec, linePlace('audit', stream, position, undefined), body)),
      }),
      (unreadable) => ({ details: {}, unreadable }),
    ),
  }
}

function headOf(chain: Chain, lines: readonly JournalLine[], after: number): readonly AnchoredHead[] {
  const last = lines.at(-1)
  if (last === undefined || last.position <= after) return []
  const { stream, position, hash } = last
  return [{ chain, stream, position, hash: Buffer.from(hash).toString('hex') }]
}

function verifyChain(
  { tables }: MemoryContext,
  chain: Chain,
  anchored: readonly AnchoredHead[],
): VerifiedChain {
  const lines = chain === 'journal' ? tables.journal : tables.audit
  const count = lines.reduce((sum, line) => sum + entriesIn(line), 0)
  let head = chain === 'journal' ? tables.journalStart : newStream('memory')
  const wanted = anchored.filter((one) => one.chain === chain && one.position > head.position)
  for (const line of lines) {
    const { stream, position, hash } = line
    const named = wanted.find((one) => one.stream === stream && one.position === position)
    const isOther = named !== undefined && named.hash !== Buffer.from(hash).toString('hex')
    const problem =
      chainProblem(head, line) ?? (isOther ? 'it is not the line that an anchor names' : undefined)
    if (problem !== undefined) {
      return { chain, lines: count, brokenAt: { stream, seq: position, problem } }
    }
    head = { stream, position, hash }
  }
  const lost = wanted.find(({ stream, position }) => stream !== head.stream || position > head.position)
  if (lost === undefined) return { chain, lines: count }
  const problem = `line ${lost.position}, which an anchor names, is missing`
  return { chain, lines: count, brokenAt: { stream: lost.stream, problem } }
}
