import { afterEach, describe, expect, test } from 'vitest'
import { World } from '../../../test/support/engine-fixture.ts'
import type { Entity, Integration } from '../../model/integration.ts'

let world: World | undefined
afterEach(async () => {
  await world?.stop()
  world = undefined
})

type Adjust = (entity: Entity) => Partial<Entity>

function archiving(more: Adjust = () => ({})): (integration: Integration) => Integration {
  return (integration) => ({
    ...integration,
    entities: new Map(
      [...integration.entities].map(([name, entity]) => [
        name,
        { ...entity, delete: { ...entity.delete, action: 'archive' as const }, ...more(entity) },
      ]),
    ),
  })
}

interface Archived {
  readonly it: World
  readonly nativeId: string
  readonly recordId: string
}

/** A record that was in agreement, was deleted in `a`, and was therefore archived in `b`. */
async function archivedInB(
  options: { readonly hides?: boolean; readonly restores?: boolean; readonly adjust?: Adjust } = {},
): Promise<Archived> {
  const it = new World({ systems: { a: {}, b: { remove: 'both' } }, adjust: archiving(options.adjust) })
  it.system('b').hidesArchived = options.hides ?? false
  it.system('b').restores = options.restores ?? false
  it.start()
  world = it
  for (const n of [1, 2, 3, 4]) await it.linked('a', `w${n}`, { code: `w${n}` })
  const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann' })
  const recordId = (await it.record('a', 'x')).record.id
  it.system('a').table('customer').delete('x')
  await it.mark('a', 'x', 'customer', { force: true })
  await it.advance(60_000)
  expect((await it.record('a', 'x')).record.state).toBe('tombstoned')
  expect(it.system('b').body(nativeId)).toMatchObject({ archived: true })
  return { it, nativeId, recordId }
}

const failures = async (it: World) => (await it.store.admin.failures({ limit: 10 })).rows

/** Expects the restored record to be one record again, with edits flowing both ways. */
async function expectJoined({ it, nativeId, recordId }: Archived): Promise<void> {
  expect(it.system('b').count('create')).toBe(5)
  expect(it.system('b').bodies()).toHaveLength(5)
  expect(await failures(it)).toEqual([])
  expect((await it.record('a', 'x')).record).toMatchObject({ id: recordId, state: 'active' })
  await it.edit('a', 'x', { phone: '7' })
  await it.advance(5_000)
  expect(it.system('b').body(nativeId)).toMatchObject({ phone: '7' })
  await it.edit('b', nativeId, { name: 'Anna' })
  await it.advance(5_000)
  expect(it.system('a').body('x')).toMatchObject({ name: 'Anna' })
}

describe('a record that is restored after its counterpart was archived', () => {
  test.each([
    ['hides archived records', true],
    ['only marks them', false],
  ])('is joined with it where the system can restore it, and %s', async (_how, hides) => {
    const archived = await archivedInB({ restores: true, hides })
    const { it, nativeId } = archived
    await it.edit('a', 'x', { code: '1', name: 'Ann' })
    await it.advance(30_000)
    expect(it.system('b').body(nativeId)).toMatchObject({ archived: false })
    expect(it.system('b').count('restore')).toBe(1)
    await expectJoined(archived)
  })

  test('is joined with one that stays readable where nothing can be restored', async () => {
    const archived = await archivedInB()
    const { it, nativeId } = archived
    await it.edit('a', 'x', { code: '1', name: 'Ann' })
    await it.advance(30_000)
    expect(it.system('b').body(nativeId)).toMatchObject({ archived: true })
    await expectJoined(archived)
  })

  test('is left for review where the archived one can no longer be reached', async () => {
    const { it, recordId } = await archivedInB({ hides: true })
    await it.edit('a', 'x', { code: '1', name: 'Ann' })
    await it.advance(60_000)
    expect(it.system('b').count('create')).toBe(5)
    expect(await failures(it)).toMatchObject([
      { code: 'ENGINE_RECORD_RESTORED', system: 'a', recordId, message: expect.stringContaining('archived') },
    ])
  })

  test('waits for a second read, which may show it gone again', async () => {
    const { it, nativeId } = await archivedInB({ restores: true, hides: true })
    await it.edit('a', 'x', { code: '1', name: 'Ann' })
    await it.advance(1_000)
    expect(await it.member('a', 'x', 'a')).toMatchObject({ lane: { state: 'waiting', reason: 'reappeared' } })
    it.system('a').table('customer').delete('x')
    await it.advance(60_000)
    expect(it.system('b').count('restore')).toBe(0)
    expect(it.system('b').body(nativeId)).toMatchObject({ archived: true })
    expect((await it.record('a', 'x')).record.state).toBe('tombstoned')
    expect(await it.member('a', 'x', 'a')).toMatchObject({ lane: { state: 'open' } })
    expect(await failures(it)).toEqual([])
  })

  test('is restored exactly once in spite of lost responses and an outage', async () => {
    const archived = await archivedInB({ restores: true, hides: true })
    const { it } = archived
    const failure = { code: 'ENGINE_CALL_LATE', message: 'lost', scope: 'record' } as const
    it.system('b').failNext('restore', { kind: 'response', result: { kind: 'not-sent', failure } })
    it.system('b').failNext('restore', {
      kind: 'response',
      result: { kind: 'unknown', failure },
      applied: true,
    })
    await it.edit('a', 'x', { code: '1', name: 'Ann' })
    await it.advance(300_000)
    await expectJoined(archived)
  })

  test('is left for review where the system refuses to restore it', async () => {
    const { it, recordId } = await archivedInB({ restores: true, hides: true })
    const failure = { code: 'HTTP_STATUS_FINAL', message: 'no', scope: 'record' } as const
    it.system('b').failNext('restore', { kind: 'response', result: { kind: 'rejected', failure } })
    await it.edit('a', 'x', { code: '1', name: 'Ann' })
    await it.advance(60_000)
    expect(it.system('b').count('create')).toBe(5)
    expect(await failures(it)).toContainEqual(
      expect.objectContaining({ code: 'ENGINE_RECORD_RESTORED', recordId }),
    )
  })

  test('is counted by the guard of creates, and continues once it is released', async () => {
    const limit = { share: 0, atLeast: 5 }
    const archived = await archivedInB({
      restores: true,
      hides: true,
      adjust: (entity) => ({ guard: { ...entity.guard, create: limit } }),
    })
    const { it } = archived
    await it.edit('a', 'x', { code: '1', name: 'Ann' })
    await it.advance(30_000)
    expect(it.system('b').count('restore')).toBe(0)
    const { rows } = await it.store.admin.holds({ limit: 5 })
    expect(rows).toMatchObject([{ kind: 'guard', system: 'a' }])
    await it.store.admin.releaseHolds({ id: rows[0]!.id }, 'release', 'ops')
    it.engine.wake()
    await it.advance(30_000)
    await expectJoined(archived)
  })

  test('is not reported where the archived record was only marked', async () => {
    const { it, nativeId } = await archivedInB()
    await it.mark('b', nativeId, 'customer', { force: true })
    await it.advance(30_000)
    expect(await failures(it)).toEqual([])
    expect((await it.record('a', 'x')).record.state).toBe('tombstoned')
  })

  test('is reported as before where a person restored it from the archive', async () => {
    const { it, nativeId } = await archivedInB({ hides: true })
    await it.edit('b', nativeId, { archived: false })
    await it.advance(30_000)
    expect(await failures(it)).toMatchObject([{ code: 'ENGINE_RECORD_RESTORED', system: 'b' }])
  })
})
