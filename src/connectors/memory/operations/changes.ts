import { type FeedQuery, readFeed } from '../../kit/change-cursor.ts'
import type { ChangesResult } from '../../kit/contract.ts'
import { failureOf, faultOf, type MemoryOwner } from './resource-context.ts'

/** Returns changes after a cursor: by sequence or by time, as the resource declares. */
export async function changesAfter(owner: MemoryOwner, cursor: string | undefined): Promise<ChangesResult> {
  const fault = faultOf(owner, { resource: owner.name, operation: 'changes' })
  if (fault !== undefined) return { kind: 'unknown', failure: failureOf(fault) }
  const { capabilities } = owner.table.config
  const limit = capabilities.list.pageSize
  return capabilities.changes.cursor === 'seq'
    ? sequence(owner, cursor, limit)
    : readFeed(cursor, feedRules(capabilities.changes), async (query) => timePage(owner, query, limit))
}

function sequence({ table }: MemoryOwner, cursor: string | undefined, limit: number): ChangesResult {
  const position = Number(cursor ?? 0)
  if (!Number.isSafeInteger(position) || position > table.logLength) return { kind: 'expired' }
  const entries = table.changesAfter(position, limit)
  const next = position + entries.length
  const changed = entries.map(({ nativeId, version, deleted }) => ({
    nativeId,
    version: String(version),
    ...(deleted ? { deleted } : {}),
  }))
  return { kind: 'page', changed, cursor: String(next), more: next < table.logLength }
}

function feedRules(changes: { readonly commitLagMs: number }) {
  return {
    tieBreak: 'id',
    commitLagMs: changes.commitLagMs,
    overlapMs: 1_000,
    formatPosition: String,
  } as const
}

function timePage(
  { table, clock }: MemoryOwner,
  { since, afterId }: Pick<FeedQuery, 'since' | 'afterId'>,
  limit: number,
) {
  const from = since === undefined ? Number.NEGATIVE_INFINITY : Number(since)
  const found = [...table.living()]
    .filter(({ at, nativeId }) => at > from || (at === from && (afterId === undefined || nativeId > afterId)))
    .sort((a, b) => a.at - b.at || (a.nativeId < b.nativeId ? -1 : 1))
  const items = found.slice(0, limit).map(({ nativeId, at, version }) => ({
    change: { nativeId, version: String(version) },
    position: String(at),
    positionMs: at,
    content: String(version),
  }))
  return { items, more: found.length > limit, serverNowMs: clock.now() }
}
