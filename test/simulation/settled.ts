/** Checks that must pass once faults have stopped and time has passed: all records agree, or the reason is reported (INV-7, 19, 21, 22). */

import type { Integration } from '../../src/model/integration.ts'
import type { Member } from '../../src/model/state.ts'
import type { FailureRow, HoldRow, RecordDetail } from '../../src/store/admin-contract.ts'
import type { MemoryStore } from '../../src/store/memory/memory-store.ts'
import type { Native } from '../support/fake-system/remote-table.ts'
import { checkLogins } from './handed-on.ts'
import { checkSameThings } from './judges/same-things.ts'
import { alike } from './likeness.ts'
import { filledPhone, isObject } from './native-records.ts'
import type { Oracle } from './oracle.ts'
import type { Scenario } from './scenario.ts'
import type { SimSystem } from './sim-system.ts'
import { customer, cutText } from './world.ts'

/** Why differences were accepted, and how often: a run that excuses everything proves nothing. */
export type Excuses = Map<string, number>

interface Books {
  readonly scenario: Scenario
  /** The final definition. */
  readonly integration: Integration
  readonly store: MemoryStore
  readonly systems: ReadonlyMap<string, SimSystem>
  readonly oracle: Oracle
  readonly excuses: Excuses
  readonly holds: readonly HoldRow[]
  readonly failures: readonly FailureRow[]
  /** Possible duplicates that are reported to a person. */
  readonly duplicates: ReadonlySet<string>
  /** Some record is still being deleted. */
  readonly deleting: boolean
  /** Places whose last list was empty although records are known there: a person is told, and nothing is deleted. */
  readonly emptied: ReadonlySet<string>
}

export async function checkSettled(
  parts: Pick<Books, 'scenario' | 'integration' | 'store' | 'systems' | 'oracle'>,
): Promise<Excuses> {
  const duplicates = await allPages((page) => parts.store.admin.duplicates(page))
  const status = await parts.store.admin.status()
  const books: Books = {
    ...parts,
    deleting: (status.records.deleting ?? 0) > 0,
    emptied: new Set(
      status.systems
        .filter(({ lastRun }) => lastRun?.reason?.code === 'nothing-listed')
        .map(({ system, entity }) => `${system} ${entity}`),
    ),
    excuses: new Map(),
    holds: await allPages((page) => parts.store.admin.holds(page)),
    failures: await allPages((page) => parts.store.admin.failures(page)),
    duplicates: new Set(
      duplicates
        .filter(({ state }) => state === 'open')
        .flatMap(({ sides }) => sides.map(({ recordId }) => recordId)),
    ),
  }
  for (const system of books.systems.values()) {
    if (system.dead) continue
    for (const [entity, table] of system.tables)
      for (const nativeId of table.nativeIds()) await checkRemote(books, system, entity, nativeId)
  }
  for (const entity of books.integration.entities.keys()) {
    for (const system of books.systems.values()) await checkCopies(books, system, entity)
    const ids = await allPages((page) => books.store.admin.recordIds(entity, page))
    const details = (await Promise.all(ids.map((recordId) => books.store.admin.record({ recordId })))).filter(
      (detail) => detail !== undefined,
    )
    for (const detail of details) checkMembers(books, detail)
    checkSameThings(details, duplicates, books.oracle)
    if (entity === customer && books.scenario.kinds.has('handed-on'))
      checkLogins(books.systems.values(), details, (message) => books.oracle.fail('INV-19', message))
  }
  return books.excuses
}

/** Several records of one system with the same code are duplicates, and reported. */
async function checkCopies(books: Books, system: SimSystem, entity: string): Promise<void> {
  const table = system.table(entity)
  const isIn = (nativeId: string): boolean =>
    !system.traits.scoped || table.current(nativeId)?.body?.kind !== 'person'
  const inScope = [...table.nativeIds()].filter(isIn)
  const byCode = Map.groupBy(inScope, (nativeId) => String(table.current(nativeId)?.body?.code))
  for (const [code, nativeIds] of byCode) {
    if (nativeIds.length < 2 || system.dead || books.oracle.things.isRenamed(code)) continue
    const details = await Promise.all(
      nativeIds.map((nativeId) => books.store.admin.record({ system: system.name, entity, nativeId })),
    )
    const isReported = details.some(
      (detail) =>
        detail !== undefined &&
        (detail.record.state === 'review' || detail.members.some((one) => flagOf(books, detail, one))),
    )
    if (isReported) excuse(books, 'two of one thing, and reported')
    else
      books.oracle.fail(
        'INV-6',
        `${system.name} has ${nativeIds.join(' and ')} for ${code}, and it is not reported`,
      )
  }
}

function excuse(books: Books, why: string): void {
  books.excuses.set(why, (books.excuses.get(why) ?? 0) + 1)
}

/** Each living remote record is known, and equal to the agreed values or flagged. */
async function checkRemote(books: Books, system: SimSystem, entity: string, nativeId: string): Promise<void> {
  const body = system.table(entity).current(nativeId)?.body
  if (body === undefined) return
  const detail = await books.store.admin.record({ system: system.name, entity, nativeId })
  const where = `${system.name} ${nativeId} (${String(body.code)})`
  if (system.traits.scoped && body.kind === 'person') return excuse(books, 'out of scope')
  if (detail === undefined) {
    books.oracle.fail('INV-21', `${where} was never discovered`)
    return
  }
  const member = detail.members.find((one) => one.system === system.name)
  if (member === undefined) return
  const { state } = detail.record
  if (state !== 'active') {
    const flag = flagOf(books, detail, member)
    if (flag !== undefined || state === 'review') excuse(books, flag ?? 'review')
    else books.oracle.fail('INV-19', `${where} is ${state} in the end`)
    return
  }
  if (member.state !== 'linked') {
    const flag = flagOf(books, detail, member)
    if (flag !== undefined) excuse(books, flag)
    else books.oracle.fail('INV-19', `${where} is alive, but its member is ${member.state}`)
    return
  }
  for (const field of books.integration.entities.get(entity)?.fields.keys() ?? [])
    await checkField(books, { system, entity, detail, member, body, field, where })
}

interface FieldPlace {
  readonly system: SimSystem
  readonly entity: string
  readonly detail: RecordDetail
  readonly member: Member
  readonly body: Native
  readonly field: string
  readonly where: string
}

async function checkField(books: Books, place: FieldPlace): Promise<void> {
  const { system, detail, member, field, where } = place
  const agreed = detail.record.fields[field]
  const state = member.fields[field]
  const actual = nativeOf(books, place, field)
  const expected = await nativeValue(books, place, agreed?.value)
  const same = cut(system, field, actual) === cut(system, field, expected)
  if (same || isMergedInto(books, place, actual, expected)) return
  if (refersToDeleted(books, place, actual)) return excuse(books, 'reference to a deleted record')
  // A system that rewrites may store anything; any other stores a reduced form of the sent value.
  if (state?.coerced && (system.traits.mutates || alike(actual, expected))) return excuse(books, 'coerced')
  // Where no system has ever provided a value, a default remains unless its system ranks before all others.
  if (agreed === undefined && String(actual).startsWith(filledPhone)) return excuse(books, 'default')
  if (agreed?.heldBy !== undefined) return excuse(books, 'conflict')
  if (state?.hold !== undefined) return excuse(books, 'field held')
  if (state?.rejected !== undefined) return excuse(books, 'rejected')
  const flag = flagOf(books, detail, member)
  if (flag !== undefined) return excuse(books, flag)
  books.oracle.fail(
    'INV-19',
    `${where}.${field} holds ${String(actual)}, agreed is ${String(expected)} (acked ${state?.acked}, rev ${agreed?.rev})`,
  )
}

/** For the users there, a reference to a merged record is a reference to its survivor. */
function isMergedInto(
  { integration, systems }: Books,
  { system, entity, field }: FieldPlace,
  actual: unknown,
  expected: unknown,
): boolean {
  const type = integration.entities.get(entity)?.fields.get(field)?.type
  if (type?.kind !== 'ref' || typeof actual !== 'string') return false
  const table = systems.get(system.name)?.table(type.entity)
  let nativeId: string | undefined = actual
  for (let hop = 0; hop < 10 && nativeId !== undefined && nativeId !== expected; hop += 1)
    nativeId = table?.history(nativeId).at(-1)?.mergedInto
  return nativeId === expected
}

/** What referred to a native record that people deleted there still does after its record got another counterpart, see docs/explanation/guarantees.md. */
function refersToDeleted(
  { integration, systems }: Books,
  { system, entity, field }: FieldPlace,
  actual: unknown,
): boolean {
  const type = integration.entities.get(entity)?.fields.get(field)?.type
  if (type?.kind !== 'ref' || typeof actual !== 'string') return false
  const table = systems.get(system.name)?.table(type.entity)
  return table !== undefined && table.history(actual).length > 0 && table.current(actual)?.body === undefined
}

/** The record's value at the mapped path; of lines, their mapped parts. */
function nativeOf({ integration }: Books, { system, entity, body }: FieldPlace, field: string): unknown {
  const [path = [field]] =
    integration.entities.get(entity)?.systems.get(system.name)?.fields.get(field)?.native?.paths ?? []
  const value = path.reduce<unknown>((at, step) => (isObject(at) ? at[String(step)] : undefined), body)
  return field === 'lines' ? linesInWords(value) : (value ?? undefined)
}

function linesInWords(value: unknown): string | undefined {
  if (!Array.isArray(value)) return undefined
  return value.map((line: Native) => `${String(line.sku)}:${String(line.qty)}`).join(' ')
}

/** A canonical value in this system's own format. */
async function nativeValue(books: Books, place: FieldPlace, value: unknown): Promise<unknown> {
  if (value === undefined || value === null) return undefined
  const type = books.integration.entities.get(place.entity)?.fields.get(place.field)?.type
  if (type?.kind === 'set' && Array.isArray(value)) return sortedTags(value.join(','))
  if (type?.kind === 'list') return linesInWords(value)
  if (type?.kind !== 'ref') return value
  const target = await books.store.admin.record({ recordId: String(value) })
  return target?.members.find((one) => one.system === place.system.name)?.nativeId
}

function cut(system: SimSystem, field: string, value: unknown): unknown {
  // An empty text and an absent one look the same to people.
  if (value === '' && field !== 'tags') return undefined
  if (field === 'tags') return sortedTags(value)
  if (field === 'name' && system.traits.truncates === 'declared') return cutText(value)
  return value
}

function sortedTags(value: unknown): string {
  if (typeof value !== 'string' || value === '') return ''
  return [...new Set(value.split(','))].sort().join(',')
}

/** Each active record has its counterpart everywhere, or a reported reason; native ids are unique. */
function checkMembers(books: Books, detail: RecordDetail): void {
  const { record } = detail
  for (const name of books.integration.entities.get(record.entity)?.systems.keys() ?? []) {
    const system = books.systems.get(name)
    const member = detail.members.find((one) => one.system === name)
    if (system === undefined || system.dead) continue
    if (member === undefined) {
      books.oracle.fail('INV-19', `record ${record.id} has no member row for ${name}`)
      continue
    }
    if (member.state === 'out-of-scope' && system.traits.scoped) continue
    if (member.state === 'linked') {
      if (member.nativeId !== undefined && system.table(record.entity).has(member.nativeId)) continue
      const emptied = books.emptied.has(`${name} ${record.entity}`) ? 'the whole place is empty' : undefined
      const flag = flagOf(books, detail, member) ?? emptied ?? blindSpot(system)
      if (flag !== undefined) excuse(books, flag)
      else books.oracle.fail('INV-19', `${name} ${member.nativeId} is gone, but its member is still linked`)
      continue
    }
    const flag = flagOf(books, detail, member)
    if (flag !== undefined) excuse(books, flag)
    else
      books.oracle.fail(
        'INV-19',
        `${String(record.fields.code?.value)} (${record.id}) has no counterpart in ${name}: ${member.state}, lane ${member.lane.state}`,
      )
  }
  for (const intent of detail.intents) {
    const member = detail.members.find((one) => one.system === intent.system)
    const flagged = member !== undefined && ['quarantined', 'held'].includes(member.lane.state)
    if (intent.state !== 'open' || flagged || books.systems.get(intent.system)?.dead) continue
    books.oracle.fail('INV-22', `the ${intent.operation} at ${intent.system} of ${record.id} is still open`)
  }
}

/** A deletion is not detectable in a system that neither announces nor feeds deletions, and whose list proves no absence. */
function blindSpot({ traits }: SimSystem): string | undefined {
  const fed = traits.polls && traits.pollMs < 60_000 && traits.capabilities.deletes === 'feed'
  const reported = traits.webhooks === 'reliable' || fed || traits.capabilities.list.paging === 'keyset'
  return reported ? undefined : 'deletions are not reported there'
}

/** The engine itself reports that this is not in agreement, visible to a person. */
function flagOf(books: Books, detail: RecordDetail, member: Member): string | undefined {
  const held = books.holds.find((hold) => hold.recordId === detail.record.id)
  if (held !== undefined) return `hold: ${held.kind}`
  if (['quarantined', 'held', 'rejected'].includes(member.lane.state))
    return `lane ${member.lane.state}: ${member.lane.reason}`
  // It can't be determined whether a dead system holds an edit that the deletion would lose.
  const someDead = [...books.systems.values()].some((system) => system.dead)
  if (someDead && detail.members.some((one) => one.state === 'suspect'))
    return 'deletion waits for a dead system'
  if (someDead && books.deleting && detail.record.state === 'candidate')
    return 'waits for a deletion in a dead system'
  // A create that only a person can find may have created a counterpart that the deletion would leave behind.
  const lostCreate = detail.members.some((one) => one.state === 'absent' && one.lane.state === 'quarantined')
  if (lostCreate && detail.members.some((one) => one.state === 'suspect'))
    return 'deletion waits for a create in doubt'
  if (books.duplicates.has(detail.record.id) && ['absent', 'gone', 'suspect'].includes(member.state))
    return 'waits for a duplicate'
  const undecided = Object.values(detail.record.fields).some((agreed) => agreed.heldBy !== undefined)
  if (undecided && member.state === 'absent') return 'create waits for a conflict'
  const failed = books.failures.find(
    (one) => one.recordId === detail.record.id && one.system === member.system,
  )
  return failed === undefined ? undefined : `failure: ${failed.code}`
}

/** All rows of a paged list. */
async function allPages<Row>(
  ask: (page: { limit: number; cursor?: string }) => Promise<{
    readonly rows: readonly Row[]
    readonly cursor?: string
  }>,
): Promise<Row[]> {
  const rows: Row[] = []
  let cursor: string | undefined
  do {
    const page = await ask({ limit: 200, ...(cursor !== undefined && { cursor }) })
    rows.push(...page.rows)
    cursor = page.cursor
  } while (cursor !== undefined)
  return rows
}
