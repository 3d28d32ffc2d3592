/** What waits for a person: conflicts, matches, duplicates and holds. */
import { presentConflict, presentDuplicate, presentMatch, presentPage } from '../../../api/present/lists.ts'
import { acceptValue } from '../../../model/canonical/accept-value.ts'
import { definedOf } from '../../../model/defined.ts'
import type { Integration } from '../../../model/integration.ts'
import type { CanonicalValue } from '../../../model/values.ts'
import type { ConflictRow } from '../../../store/admin-contract.ts'
import type { DuplicateResponse } from '../../../store/duplicates-contract.ts'
import type { Call, Handlers } from '../handler.ts'
import { conflict, invalid, notFound } from '../problems.ts'

/** Handlers of the routes under Decisions. */
export const decisionHandlers: Handlers<
  | 'listConflicts'
  | 'getConflict'
  | 'resolveConflict'
  | 'listMatches'
  | 'decideMatch'
  | 'listDuplicates'
  | 'decideDuplicate'
  | 'undoDuplicate'
  | 'listHolds'
  | 'decideHolds'
> = {
  listConflicts: async ({ query: { state, limit, cursor } }, call) => {
    const page = await call.dependencies.admin.conflicts({ state, ...definedOf({ limit, cursor }) })
    await call.disclose(page.rows.map(({ recordId }) => recordId))
    return presentPage(page, (row) => presentConflict(row, call))
  },
  getConflict: async ({ params: { id } }, call) => {
    const row = await call.dependencies.admin.conflict(id)
    if (row === undefined) throw notFound('there is no such conflict')
    await call.disclose([row.recordId])
    return presentConflict(row, call)
  },
  resolveConflict: async ({ params: { id }, body }, call) => {
    const { admin, integration } = call.dependencies
    const row = await admin.conflict(id)
    if (row === undefined) throw notFound('there is no such conflict')
    const choice = 'system' in body ? body : { value: givenValue(integration, row, body.value) }
    const result = await admin.resolveConflict(id, choice, call.caller.actor)
    if (result === 'unknown') throw notFound('the conflict has no value of that system')
    if (result === 'already-decided') throw conflict(await decidedBy(call, id))
    call.dependencies.wake()
  },
  listMatches: async ({ query: { limit, cursor } }, { dependencies }) =>
    presentPage(await dependencies.admin.reviews(definedOf({ limit, cursor })), presentMatch),
  decideMatch: async ({ params: { id }, body }, { dependencies, caller }) => {
    const result = await dependencies.admin.decideReview(id, body, caller.actor)
    if (result === 'unknown') throw notFound('no such match is open')
    if (result === 'refused')
      throw conflict(
        'the record to join has a counterpart in that system already, or does not exist any more: decide the duplicate',
      )
    dependencies.wake()
  },
  listDuplicates: async ({ query: { state, limit, cursor } }, { dependencies }) =>
    presentPage(
      await dependencies.admin.duplicates({ state, ...definedOf({ limit, cursor }) }),
      presentDuplicate,
    ),
  decideDuplicate: async ({ params: { id }, body }, call) => {
    const { admin } = call.dependencies
    const row = await admin.duplicate(id)
    if (row === undefined) throw notFound('there is no such duplicate')
    const ids = row.sides.map(({ recordId }) => recordId)
    const [first = '', second = ''] = ids
    if ('apart' in body) return settle(call, await admin.keepApart(first, second, call.caller.actor))
    const { keep, survivors, others } = body.same
    if (!ids.includes(keep)) throw conflict(`${keep} is neither of the two records`)
    const drop = keep === first ? second : first
    return settle(call, await admin.mergeRecords({ keep, drop, survivors, others }, call.caller.actor))
  },
  undoDuplicate: async ({ params: { id } }, call) =>
    settle(call, await call.dependencies.admin.undoDuplicate(id, call.caller.actor)),
  listHolds: async ({ query: { limit, cursor } }, { dependencies }) =>
    presentPage(await dependencies.admin.holds(definedOf({ limit, cursor })), (row) => ({ ...row })),
  decideHolds: async ({ body: { decision, select } }, { dependencies, caller }) => {
    const count = await dependencies.admin.releaseHolds(definedOf(select), decision, caller.actor)
    if (count > 0) dependencies.wake()
    return { count }
  },
}

function givenValue(
  { entities }: Integration,
  { entity, field: name }: ConflictRow,
  given: unknown,
): CanonicalValue {
  const field = entities.get(entity)?.fields.get(name)
  if (field === undefined) throw conflict(`the definition has no field ${entity}.${name} any more`)
  const accepted = acceptValue(field, given)
  if (accepted.ok) return accepted.value
  throw invalid([{ in: 'body', at: 'value', message: accepted.reason }])
}

async function decidedBy({ dependencies }: Call, id: string): Promise<string> {
  const now = await dependencies.admin.conflict(id)
  const by = now?.decidedBy === undefined ? '' : ` by ${now.decidedBy}`
  return `the conflict has been decided${by}`
}

function settle({ dependencies }: Call, response: DuplicateResponse): void {
  if (response.kind === 'unknown') throw notFound('there is no such duplicate, or one of the records is gone')
  if (response.kind === 'refused') throw conflict(response.reason)
  dependencies.wake()
}
