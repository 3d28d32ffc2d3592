/** Whatever a connector returns, the engine receives no record that it did not request. */
import { describe, expect, test } from 'vitest'
import type { RemoteCapabilities } from '../capabilities.ts'
import type { CallContext, ReadResult, Resource, WriteResult } from '../contract.ts'
import { checkedResource, checkedSystem } from './checked-resource.ts'
import { sameIgnoringCase, sameNumber, sameText } from './same-id.ts'

const context: CallContext = { signal: new AbortController().signal, priority: 'batch' }

const capabilities: RemoteCapabilities = {
  read: { lagMs: 0, batch: 10 },
  version: 'none',
  conditionalWrites: false,
  write: 'patch',
  nested: 'merge',
  writeReturns: 'body',
  create: 'marker',
  inflightMs: 0,
  list: { paging: 'none', pageSize: 1 },
  changes: { cursor: 'none', commitLagMs: 0 },
  deletes: 'byId',
  remove: 'delete',
}

const live = (nativeId: string, more: object = {}): ReadResult => ({
  kind: 'live',
  nativeId,
  native: { id: nativeId, ...more },
})
const ok = (nativeId: string, more: object = {}): WriteResult => ({
  kind: 'ok',
  nativeId,
  native: { id: nativeId, ...more },
})
const gone: ReadResult = { kind: 'gone' }

/** A resource that reads from the table; its writes and batches behave as the test defines. */
function lying(responses: Readonly<Record<string, ReadResult>>, more: Partial<Resource> = {}): Resource {
  return checkedResource({
    name: 'people',
    capabilities,
    read: async (nativeId) => responses[nativeId] ?? gone,
    async *list() {
      yield []
      return { complete: true }
    },
    idOf: (native) => (typeof native.id === 'string' ? native.id : undefined),
    markerOf: (native) => (typeof native.mark === 'string' ? native.mark : undefined),
    ...more,
  })
}

const wrong = { kind: 'unknown', failure: { code: 'CONNECTOR_OTHER_RECORD', scope: 'record' } }

describe('reads by id', () => {
  test('another record is no information, also under the id that was asked for', async () => {
    const resource = lying({ '2': live('1'), '3': { kind: 'live', nativeId: '3', native: { id: '1' } } })
    expect(await resource.read('2', context)).toMatchObject(wrong)
    expect(await resource.read('3', context)).toMatchObject(wrong)
    expect(await lying({ '1': live('1') }).read('1', context)).toEqual(live('1'))
  })

  test('a merge is one only where it is declared, and the survivor answers for itself', async () => {
    const responses = { '1': live('1'), '2': live('1'), '3': live('9') }
    const redirects = { capabilities: { ...capabilities, redirects: true } }
    expect(await lying(responses, redirects).read('2', context)).toEqual({ kind: 'gone', mergedInto: '1' })
    // The survivor itself is gone: the record is then gone, and the survivor is named, since its deletion may
    // not be certain.
    expect(await lying(responses, redirects).read('3', context)).toEqual({ ...gone, goneSurvivor: '9' })
    expect(await lying(responses).read('2', context)).toMatchObject(wrong)
    const circle = lying({ '1': live('2'), '2': live('1') }, redirects)
    expect(await circle.read('1', context)).toMatchObject(wrong)
  })

  test('a merge that the response itself names is followed to its end', async () => {
    const survivor = live('1', { merged: ['2', '5'] })
    const resource = lying(
      { '1': survivor, '2': survivor, '5': survivor, '6': survivor },
      { mergedIdsOf: (native) => (Array.isArray(native.merged) ? native.merged.map(String) : []) },
    )
    expect(await resource.read('2', context)).toEqual({ kind: 'gone', mergedInto: '1' })
    expect(await resource.read('6', context), 'not among the merged').toMatchObject(wrong)
    const chain = lying({
      '4': { kind: 'gone', mergedInto: '3' },
      '3': { kind: 'gone', mergedInto: '1' },
      '1': live('1'),
    })
    expect(await chain.read('4', context)).toEqual({ kind: 'gone', mergedInto: '1' })
  })

  test('a survivor that does not answer, or responds with yet another record, is no merge', async () => {
    const failure = { code: 'ENGINE_CALL_LATE', message: 'late', scope: 'system' } as const
    const silent = lying({ '2': { kind: 'gone', mergedInto: '1' }, '1': { kind: 'unknown', failure } })
    expect(await silent.read('2', context)).toEqual({ kind: 'unknown', failure })
    const other = lying({ '2': { kind: 'gone', mergedInto: '1' }, '1': live('7') })
    expect(await other.read('2', context)).toMatchObject(wrong)
  })

  test('ids are compared as the system compares them, and the known spelling stays', async () => {
    const upper = lying({ abc: live('ABC') }, { sameId: sameIgnoringCase })
    expect(await upper.read('abc', context)).toMatchObject({ kind: 'live', nativeId: 'abc' })
    expect(await lying({ abc: live('ABC') }).read('abc', context)).toMatchObject(wrong)
    const uuid = '6f9619ff-8b86-d011-b42d-00cf4fc964ff'
    expect(await lying({ [uuid]: live(uuid.toUpperCase()) }).read(uuid, context)).toMatchObject({
      kind: 'live',
      nativeId: uuid,
    })
  })
})

describe('reads of several', () => {
  const batch = (results: readonly ReadResult[], responses: Readonly<Record<string, ReadResult>>) =>
    lying(responses, { readMany: async () => results })
  const all = { '1': live('1'), '2': live('2'), '3': gone }

  test.each([
    ['in order', [live('1'), live('2'), gone]],
    ['in another order', [live('2'), gone, live('1')]],
    ['too few', [live('2')]],
    ['too many', [live('1'), live('2'), gone, gone]],
    ['one twice', [live('1'), live('1'), gone]],
    ['shifted by one that was lost', [live('2'), gone, gone]],
    ['with a record that nobody asked for', [live('1'), live('9'), gone]],
  ])('answered %s: each record gets its own response', async (_title, results) => {
    expect(await batch(results, all).readMany?.(['1', '2', '3'], context)).toEqual([
      live('1'),
      live('2'),
      gone,
    ])
  })

  test('a "gone" out of place deletes nothing', async () => {
    const results = await batch([gone, live('1')], { '1': live('1'), '2': live('2') }).readMany?.(
      ['1', '2'],
      context,
    )
    expect(results).toEqual([live('1'), live('2')])
  })
})

describe('writes', () => {
  const update = (result: WriteResult, nativeId = '2') =>
    lying({}, { update: async () => result }).update?.({ nativeId, patch: {}, idempotencyKey: 'k' }, context)

  test('a success that is about another record leaves the outcome open and names that record', async () => {
    expect(await update(ok('1'))).toMatchObject({ ...wrong, others: ['1'] })
    expect(await update({ kind: 'ok', nativeId: '2', native: { id: '1' } })).toMatchObject({
      ...wrong,
      others: ['1'],
    })
    expect(await update(ok('2'))).toEqual(ok('2'))
    expect(await update({ kind: 'ok', nativeId: '2' })).toEqual({ kind: 'ok', nativeId: '2' })
    const remove = lying({}, { remove: async () => ({ kind: 'ok', nativeId: '1' }) }).remove
    expect(await remove?.({ nativeId: '2', mode: 'delete' }, context)).toMatchObject({
      ...wrong,
      others: ['1'],
    })
  })

  test('a create is not answered with a record that carries the mark of another', async () => {
    const create = (result: WriteResult) =>
      lying({}, { create: async () => result }).create?.(
        { body: {}, recordId: 'r1', idempotencyKey: 'k' },
        context,
      )
    expect(await create(ok('1', { mark: 'r1' }))).toMatchObject({ kind: 'ok' })
    expect(await create(ok('1'))).toMatchObject({ kind: 'ok' })
    expect(await create(ok('1', { mark: 'r2' }))).toMatchObject({ ...wrong, others: ['1'] })
  })

  test('updates that travel together are told apart by their ids, never by their places', async () => {
    const refused: WriteResult = {
      kind: 'rejected',
      failure: { code: 'ENGINE_CALL_FAILED', message: 'x', scope: 'record' },
    }
    const many = async (results: readonly WriteResult[]) =>
      (
        await lying({}, { updateMany: async () => results }).updateMany?.(
          ['1', '2', '3'].map((nativeId) => ({ nativeId, patch: {}, idempotencyKey: nativeId })),
          context,
        )
      )?.map(({ kind }) => kind)
    expect(await many([ok('1'), refused, ok('3')])).toEqual(['ok', 'rejected', 'ok'])
    expect(await many([ok('3'), ok('2'), ok('1')]), 'only the order differs').toEqual(['ok', 'ok', 'ok'])
    expect(await many([ok('3'), refused, ok('1')]), 'the refusal may be of any').toEqual([
      'unknown',
      'unknown',
      'unknown',
    ])
    expect(await many([refused, ok('1'), ok('3')]), 'the refused record in the place of another').toEqual([
      'unknown',
      'unknown',
      'ok',
    ])
    expect(await many([ok('1'), ok('1'), ok('3')])).toEqual(['unknown', 'unknown', 'ok'])
    expect(await many([ok('1')])).toEqual(['ok', 'unknown', 'unknown'])
    expect(await many([])).toEqual(['unknown', 'unknown', 'unknown'])
  })

  test('two creates of one call can not have made the same record', async () => {
    const many = async (results: readonly WriteResult[]) =>
      (
        await lying({}, { createMany: async () => results }).createMany?.(
          ['r1', 'r2'].map((recordId) => ({ body: {}, recordId, idempotencyKey: recordId })),
          context,
        )
      )?.map(({ kind }) => kind)
    expect(await many([ok('1'), ok('2')])).toEqual(['ok', 'ok'])
    expect(await many([ok('1'), ok('1')])).toEqual(['unknown', 'unknown'])
    expect(await many([ok('1'), ok('2'), ok('3')])).toEqual(['unknown', 'unknown'])
    expect(await many([ok('1', { mark: 'r2' }), ok('2', { mark: 'r1' })])).toEqual(['unknown', 'unknown'])
  })
})

test('numbers are the same with and without leading zeros, and nothing else is', () => {
  expect(sameNumber('007', '7')).toBe(true)
  expect(sameNumber('7.0', '7')).toBe(true)
  expect(sameNumber('7', '8')).toBe(false)
  expect(sameNumber('9007199254740993', '9007199254740992')).toBe(false)
  expect(sameNumber('a', 'A')).toBe(false)
  expect(sameText('{6F9619FF-8B86-D011-B42D-00CF4FC964FF}', '6f9619ff-8b86-d011-b42d-00cf4fc964ff')).toBe(
    true,
  )
  expect(sameText('7', '07')).toBe(false)
})

test('a system that is an instance of a class keeps its methods, and is checked once', async () => {
  class System {
    readonly name = 'crm'
    readonly connector = 'own'
    readonly #people = lying({ '1': live('1') })
    resource(): Resource {
      return this.#people
    }
    async fingerprint(): Promise<{ kind: 'known'; value: string }> {
      return { kind: 'known', value: this.name }
    }
    async close(): Promise<void> {}
  }
  const system = checkedSystem(new System())
  expect(await system.fingerprint(context)).toEqual({ kind: 'known', value: 'crm' })
  expect(system.resource('people')).toBe(checkedResource(system.resource('people')))
  expect(system.webhook).toBeUndefined()
})
