/** What the audit trail says about an action, made from its line in the journal: the same in both stores. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { AuditEntry, AuditOrigin } from './audit-contract.ts'
import type { JournalEntry } from './contract.ts'

const origins = new AsyncLocalStorage<AuditOrigin>()

/** Implements `AuditStore.actingFrom`. */
export function actingFrom<Result>(origin: AuditOrigin, work: () => Promise<Result>): Promise<Result> {
  return origins.run(origin, work)
}

/** Actions by the first key of the journal's body that names them. */
const actions: readonly (readonly [key: string, action: string])[] = [
  ['conflict', 'conflict.resolve'],
  ['hold', 'hold.decide'],
  ['retried', 'failure.retry'],
  ['undone', 'duplicate.undo'],
  ['same', 'duplicate.merge'],
  ['duplicate', 'duplicate.apart'],
  ['attached', 'match.same'],
  ['apart', 'match.apart'],
  ['acceptedAccount', 'account.accept'],
  ['acceptedSchema', 'schema.accept'],
  ['createdToken', 'token.create'],
  ['revokedToken', 'token.revoke'],
  ['signedIn', 'session.start'],
  ['endedSession', 'session.end'],
  ['contract', 'database.contract'],
]

/** The lines for entries of the journal: what people did, and what was shown to them. */
export function auditEntriesOf(entries: readonly JournalEntry[]): readonly AuditEntry[] {
  return entries.flatMap((entry) => {
    const { kind, actor, recordId, body } = entry
    if (kind !== 'person' && kind !== 'disclosure') return []
    const facts = typeof body === 'object' && body !== null ? Object.entries(body) : []
    const details = {
      ...(recordId === undefined ? {} : { recordId }),
      ...Object.fromEntries(facts.flatMap(plain)),
    }
    return [{ action: kind === 'disclosure' ? 'values.read' : actionOf(new Map(facts)), actor, details }]
  })
}

function actionOf(facts: ReadonlyMap<string, unknown>): string {
  if (facts.has('paused')) return facts.get('paused') === true ? 'work.pause' : 'work.resume'
  return actions.find(([key]) => facts.has(key))?.[1] ?? 'action'
}

/** Ids, names and decisions stay; nested facts, such as the changes of fields with their values, do not. */
function plain([name, value]: [string, unknown]): readonly [string, unknown][] {
  if (Array.isArray(value)) return value.every((item) => typeof item === 'string') ? [[name, value]] : []
  if (typeof value !== 'object' || value === null) return value === undefined ? [] : [[name, value]]
  if (name !== 'same') return []
  return [[name, Object.fromEntries(Object.entries(value).flatMap(plain))]]
}

/** An entry as a line of the chain, with its origin. */
export function chainedAudit({ action, actor, details }: AuditEntry) {
  const origin = origins.getStore()
  return { kind: action, actor, body: { details, ...(origin === undefined ? {} : { origin }) } }
}

/** The details of a line as it was stored. */
export function detailsOf(body: unknown): Readonly<Record<string, unknown>> {
  if (typeof body !== 'object' || body === null) return {}
  const { details, origin } = body as { readonly details?: object; readonly origin?: object }
  return { ...details, ...origin }
}
