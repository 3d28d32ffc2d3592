/** The two commits of a pass, batched. */
import type { Decision, DecisionResult, Settlement, SettlementResult, Unstorable } from '../contract.ts'
import { matchKeyMac } from '../documents.ts'
import { inParts, isolatingFaults } from './batches.ts'
import { contextOf, type PostgresContext } from './context.ts'
import type { Session } from './database.ts'
import { changeKeys, changesIdentity, refreshDuplicates } from './duplicates.ts'
import { countChanges, guardedChangesOf, uncountChanges } from './guard.ts'
import type { JournalAppend } from './journal-streams.ts'
import { basesOf } from './member-documents.ts'
import {
  claimNatives,
  type Held,
  lanesTaken,
  lockLeased,
  ofBoundDefinition,
  openIntentsOf,
  type Refusal,
  refuseCreates,
} from './pass-checks.ts'
import { writePass } from './pass-writes.ts'
import { shareBinding } from './sql/bind-integration.ts'
import { entitiesOf } from './sql/entities-of.ts'
import { lockEntities } from './sql/lock-entities.ts'
import type { KeyRow } from './sql/match-keys.ts'

const fenced = { kind: 'fenced' } as const

/** Implements `Store.decide`. */
export async function decideBatch(
  storeContext: PostgresContext,
  batch: readonly Decision[],
): Promise<readonly (DecisionResult | Unstorable)[]> {
  const context = await contextOf(storeContext, batch.map(recordOf))
  return inParts(batch, recordOf, (part) => isolatingFaults(part, (items) => decideWithin(context, items)))
}

/** Without the decisions that the guard refuses. Each repetition leaves out at least one more. */
async function decideWithin(
  context: PostgresContext,
  items: readonly Decision[],
): Promise<readonly DecisionResult[]> {
  const results = new Map<Decision, DecisionResult>()
  for (;;) {
    const rest = items.filter((item) => !results.has(item))
    try {
      const decided = rest.length === 0 ? [] : await transactDecisions(context, rest)
      for (const [index, item] of rest.entries()) results.set(item, decided[index] ?? fenced)
      return items.map((item) => results.get(item) ?? fenced)
    } catch (problem) {
      const exceeding = guardedChangesOf(problem)
      if (exceeding === undefined) throw problem
      for (const [item, { system, operation }] of exceeding)
        results.set(item, { kind: 'guarded', system, operation })
    }
  }
}

function transactDecisions(
  context: PostgresContext,
  items: readonly Decision[],
): Promise<readonly DecisionResult[]> {
  return context.journal.borrow((append) =>
    context.database.transaction('deciding', (session) => decide(context, session, append, items), {
      opensWithReads: true,
    }),
  )
}

/** Implements `Store.settle`. */
export async function settleBatch(
  storeContext: PostgresContext,
  batch: readonly Settlement[],
): Promise<readonly (SettlementResult | Unstorable)[]> {
  const context = await contextOf(storeContext, batch.map(recordOf))
  return inParts(batch, recordOf, (part) =>
    isolatingFaults(part, (items) =>
      context.journal.borrow((append) =>
        context.database.transaction('settling', (session) => settle(context, session, append, items), {
          opensWithReads: true,
        }),
      ),
    ),
  )
}

function recordOf({ lease }: Decision | Settlement): string {
  return lease.recordId
}

async function decide(
  context: PostgresContext,
  session: Session,
  append: JournalAppend,
  items: readonly Decision[],
): Promise<readonly DecisionResult[]> {
  // New keys are visible to every create that is checked after them, and to every match: none of them runs
  // concurrently with this.
  const matched = items.filter(
    ({ createChecks, matchKeys }) => (createChecks ?? []).length > 0 || matchKeys !== undefined,
  )
  if (matched.length > 0) {
    const entities = await entitiesOf(session, matched.map(recordOf))
    await lockEntities(session, context.lockClass, entities)
  }
  // Sent together, executed in this order: the binding is locked, then the intents are read under the
  // records' locks.
  const [, leased, open, bases] = await Promise.all([
    shareBinding(session, context.lockClass),
    lockLeased(session, items),
    openIntentsOf(session, items),
    basesOf(context, session, items),
  ])
  const held = ofBoundDefinition(leased)
  const createRefusals = await refuseCreates(context, session, held)
  const lanes = lanesTaken(held, open)
  const free = held.filter(({ item }) => !createRefusals.has(item) && !lanes.has(item))
  const { refused, absorbed } = await claimNatives(session, free)
  const accepted = free.filter(({ item }) => !refused.has(item))
  await writePass(context, session, append, { held: accepted, bases, absorbed })
  const concerned = await writeKeys(context, session, accepted)
  const changed = accepted.filter(({ item }) => changesIdentity(item)).map(idOf)
  await refreshDuplicates(session, [...new Set([...changed, ...concerned])])
  await countChanges(context, session, accepted)
  const ok = new Set(accepted.map(({ item }) => item))
  return items.map((item): DecisionResult => {
    if (ok.has(item)) return { kind: 'ok' }
    const refusal = createRefusals.get(item) ?? refused.get(item)
    return refusal === undefined ? fenced : decisionRefusal(refusal)
  })
}

function decisionRefusal({ kind, system, recordId }: Refusal): DecisionResult {
  if (kind === 'create-waits' || kind === 'no-evidence') return { kind, system }
  return { kind: kind === 'duplicate' ? kind : 'rematch', system, recordId }
}

function idOf({ record }: Held<Decision | Settlement>): string {
  return record.id
}

async function writeKeys(
  { codec }: PostgresContext,
  session: Session,
  held: readonly Held<Decision>[],
): Promise<readonly string[]> {
  const changed = held.filter(({ item }) => item.matchKeys !== undefined)
  const keys = changed.flatMap(({ item, record }) =>
    (item.matchKeys ?? []).map(
      (key): KeyRow => ({
        recordId: record.id,
        rule: key.rule,
        kind: key.kind,
        mac: matchKeyMac(codec, record.entity, key),
      }),
    ),
  )
  return changeKeys(
    session,
    changed.map(({ record }) => record.id),
    keys,
  )
}

async function settle(
  context: PostgresContext,
  session: Session,
  append: JournalAppend,
  items: readonly Settlement[],
): Promise<readonly SettlementResult[]> {
  const [held, bases] = await Promise.all([lockLeased(session, items), basesOf(context, session, items)])
  const { refused, absorbed } = await claimNatives(session, held)
  const accepted = held.filter(({ item }) => !refused.has(item))
  await writePass(context, session, append, { held: accepted, bases, absorbed })
  await refreshDuplicates(session, accepted.filter(({ item }) => changesIdentity(item)).map(idOf))
  await uncountChanges(context, session, accepted)
  const ok = new Set(accepted.map(({ item }) => item))
  return items.map((item): SettlementResult => {
    if (ok.has(item)) return { kind: 'ok' }
    const refusal = refused.get(item)
    return refusal === undefined
      ? fenced
      : { kind: 'taken', system: refusal.system, recordId: refusal.recordId }
  })
}
