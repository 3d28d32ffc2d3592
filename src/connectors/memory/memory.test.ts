import { Webhook } from 'standardwebhooks'
import { expect, test } from 'vitest'
import type { CallContext, Resource } from '../kit/contract.ts'
import { connectSystem } from '../registry.ts'
import type { MemoryCounterpart, MemoryTable } from './client.ts'
import type { MemoryConfigInput } from './config.ts'
import people from './fixtures/people.json' with { type: 'json' }
import { createMemorySystem } from './index.ts'

const context: CallContext = { signal: new AbortController().signal, priority: 'batch' }
const secret = `whsec_${Buffer.from('the secret of a twin').toString('base64')}`

interface Fixture {
  readonly people: Resource
  readonly table: MemoryTable
  readonly twin: MemoryCounterpart
  readonly clock: { time: number }
}

function fixture(resource: MemoryConfigInput['resources'][string] = {}): Fixture {
  const clock = { time: 1_000_000 }
  const { system, twin } = createMemorySystem({
    name: 'memory-test',
    config: { resources: { people: resource } },
    clock: { now: () => clock.time, monotonic: () => clock.time },
  })
  const table = twin.tables.get('people')
  return table === undefined
    ? expect.fail('no table')
    : { people: system.resource('people'), table, twin, clock }
}

function create(people: Resource, recordId: string, idempotencyKey = recordId) {
  return people.create?.({ body: { name: recordId }, recordId, idempotencyKey }, context)
}

test('reads, creates, changes under a version, finds by marker, and deletes', async () => {
  const { people } = fixture()
  const made = await create(people, 'r1')
  if (made?.kind !== 'ok') return expect.fail(JSON.stringify(made))
  expect(await people.read(made.nativeId, context)).toMatchObject({
    kind: 'live',
    native: { name: 'r1' },
    version: made.version,
  })
  const update = {
    nativeId: made.nativeId,
    patch: { name: 'n' },
    idempotencyKey: 'k',
    ...(made.version === undefined ? {} : { ifVersion: made.version }),
  }
  expect(await people.update?.(update, context)).toMatchObject({ kind: 'ok' })
  expect(await people.update?.(update, context)).toEqual({ kind: 'stale' })
  expect(await people.find?.({ by: 'marker', recordId: 'r1' }, context)).toMatchObject({
    nativeIds: [made.nativeId],
  })
  expect(await people.remove?.({ nativeId: made.nativeId, mode: 'delete' }, context)).toMatchObject({
    kind: 'ok',
  })
  expect(await people.read(made.nativeId, context)).toEqual({ kind: 'gone' })
})

test.each(['clientId', 'upsertKey', 'idempotencyKey'] as const)(
  'creates with the identity %s happen once',
  async (identity) => {
    const { people, table } = fixture({ capabilities: { create: identity } })
    const [first, second] = [await create(people, 'r1'), await create(people, 'r1')]
    expect(first).toMatchObject({ kind: 'ok' })
    expect(second).toMatchObject({ nativeId: first?.kind === 'ok' ? first.nativeId : '' })
    expect([...table.living()]).toHaveLength(1)
  },
)

test.each(['marker', 'none'] as const)(
  'creates with the identity %s happen as often as they are sent',
  async (identity) => {
    const { people, table } = fixture({ capabilities: { create: identity } })
    await create(people, 'r1')
    await create(people, 'r1')
    expect([...table.living()]).toHaveLength(2)
  },
)

test('shows old states within the declared lag, and never older ones', async () => {
  const { people, table, clock } = fixture({ capabilities: { read: { lagMs: 100 }, search: { lagMs: 500 } } })
  table.put('1', { name: 'old' })
  clock.time += 1_000
  table.patch('1', { name: 'new' })
  expect(await people.read('1', context)).toMatchObject({ native: { name: 'old' } })
  clock.time += 100
  expect(await people.read('1', context)).toMatchObject({ native: { name: 'new' } })
  expect(await people.find?.({ by: 'values', values: { name: 'new' } }, context)).toMatchObject({
    nativeIds: [],
  })
})

test.each(['seq', 'ts+id'] as const)('tells every change through its feed (%s)', async (cursor) => {
  const { people, table, clock } = fixture({ capabilities: { changes: { cursor }, list: { pageSize: 3 } } })
  for (let n = 0; n < 10; n += 1) table.put(String(n), { n })
  const reported = new Set<string>()
  let position: string | undefined
  const drain = async (): Promise<void> => {
    for (let more = true; more; ) {
      const page = await people.changes?.(position, context)
      if (page?.kind !== 'page') return expect.fail(JSON.stringify(page))
      for (const { nativeId, version } of page.changed) reported.add(`${nativeId}@${version}`)
      position = page.cursor
      more = page.more
    }
  }
  await drain()
  expect(reported.size).toBe(10)
  clock.time += 1
  table.patch('4', { n: 'changed' })
  await drain()
  expect(reported.size).toBe(11)
})

test('faults are told apart by what may have happened', async () => {
  const { people, table, twin } = fixture()
  const expected = [
    ['unreachable', 'not-sent', 0],
    ['drop', 'unknown', 0],
    ['lose-response', 'unknown', 1],
  ] as const
  for (const [kind, result, records] of expected) {
    twin.fault = ({ operation }) => (operation === 'create' ? { kind } : undefined)
    expect(await create(people, kind)).toMatchObject({ kind: result })
    expect([...table.living()]).toHaveLength(records)
  }
  twin.fault = () => ({ kind: 'throttle', afterMs: 7 })
  expect(await people.read('1', context)).toMatchObject({ kind: 'unknown', failure: { retryAfterMs: 7 } })
  const late = { ...context, startBefore: 0 }
  expect(await people.create?.({ body: {}, recordId: 'x', idempotencyKey: 'x' }, late)).toMatchObject({
    kind: 'not-sent',
  })
})

test('a list that breaks off is never complete', async () => {
  const { people, table, twin } = fixture({ capabilities: { list: { pageSize: 2 } } })
  for (let n = 0; n < 6; n += 1) table.put(String(n), {})
  const end = async () => {
    const pages = people.list(context)
    for (;;) {
      const next = await pages.next()
      if (next.done === true) return next.value
    }
  }
  expect(await end()).toEqual({ complete: true, expected: 6 })
  let calls = 0
  twin.fault = () => {
    calls += 1
    return calls > 1 ? { kind: 'drop' } : undefined
  }
  expect(await end()).toMatchObject({ complete: false })
})

test('takes several records in a call, one response each', async () => {
  const { system, twin } = createMemorySystem({
    name: 'memory-test',
    config: { resources: { people: { capabilities: { writeBatch: 10 }, records: [{ id: 'a' }] } } },
    clock: { now: () => 0, monotonic: () => 0 },
  })
  const people = system.resource('people')
  expect(people.capabilities.writeBatch).toBe(10)
  const requests = ['r1', 'r2', 'r3'].map((recordId) => ({ body: {}, recordId, idempotencyKey: recordId }))
  let calls = 0
  twin.fault = () => {
    calls += 1
    return calls === 2 ? { kind: 'lose-response' } : undefined
  }
  const made = await people.createMany?.(requests, context)
  expect(made?.map(({ kind }) => kind)).toEqual(['ok', 'unknown', 'ok'])
  expect([...(twin.tables.get('people')?.living() ?? [])]).toHaveLength(4)
  const updates = ['a', 'nobody'].map((nativeId) => ({
    nativeId,
    patch: { name: 'Ada' },
    idempotencyKey: nativeId,
  }))
  expect((await people.updateMany?.(updates, context))?.map(({ kind }) => kind)).toEqual(['ok', 'gone'])
})

test('is bound from a definition, with webhooks', async () => {
  const clock = { now: () => Date.now(), monotonic: () => performance.now() }
  const system = connectSystem(
    {
      name: 'memory-test',
      connector: 'memory',
      config: { ...people, webhooks: { secret } },
      timing: { readTimeoutMs: 1_000, writeTimeoutMs: 1_000, concurrency: 1 },
    },
    { clock },
  )
  expect(await system.resource('people').read('a', context)).toMatchObject({ native: { name: 'Ada' } })
  const body = JSON.stringify({ changed: [{ resource: 'people', nativeId: 'a', version: '1' }] })
  const at = new Date()
  const headers = {
    'webhook-id': 'm',
    'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
    'webhook-signature': new Webhook(secret).sign('m', at, body),
  }
  const delivery = { headers, body: Buffer.from(body), receivedAt: at.getTime() }
  expect(await system.webhook?.(delivery)).toMatchObject({ kind: 'accepted', deliveryId: 'm' })
  expect(await system.webhook?.({ ...delivery, headers: {} })).toMatchObject({ kind: 'refused' })
})
