/** The bound definition: epochs, lens sets, and outdated records. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { LensSet } from '../../src/model/lens/identity.ts'
import {
  activeRecord,
  claim,
  claimOne,
  clean,
  leaseMs,
  mark,
  type OpenHarness,
  type StoreHarness,
} from './store-kit.ts'

const set = (
  system: string,
  digest: string,
  fields: Record<string, string> = { name: `c.${digest}` },
): LensSet => ({
  system,
  entity: 'customer',
  digest,
  scope: 'all',
  fields,
})
const definition = { id: 'test', document: { integration: 'test' } }

export function describeBinding(open: OpenHarness): void {
  describe('the bound definition', () => {
    let harness: StoreHarness

    beforeEach(async () => {
      harness = await open()
    })
    afterEach(() => harness.close())

    test('is returned with its document and epoch', async () => {
      const { store } = harness
      const { epoch } = await store.bind({ ...definition, version: 'v2' })
      expect(await store.bound()).toEqual({ ...definition, version: 'v2', epoch, lenses: [] })
      expect(await store.bindingEpoch()).toBe(epoch)
    })

    test('begins an epoch with each change, even back to an earlier one, and shares it otherwise', async () => {
      const { store, other } = harness
      const first = await store.bind({ ...definition, version: 'v2' })
      const same = await other.bind({ ...definition, version: 'v2' })
      const later = await other.bind({ ...definition, version: 'v3' })
      const back = await store.bind({ ...definition, version: 'v2' })
      expect(same).toMatchObject({ epoch: first.epoch, previous: 'v2' })
      expect(later).toMatchObject({ epoch: first.epoch + 1, previous: 'v2' })
      expect(back).toMatchObject({ epoch: first.epoch + 2, previous: 'v3' })
    })

    test('grants no claims under an older epoch', async () => {
      const { store } = harness
      const worker = await store.registerWorker()
      const { epoch } = await store.bind({ ...definition, version: 'v2' })
      await store.intake([{ marks: [mark('C1')] }])
      await store.bind({ ...definition, version: 'v3' })
      const request = { worker: worker.id, limit: 10, leaseMs }
      expect(await store.claim({ ...request, binding: epoch })).toMatchObject({
        records: [],
        superseded: true,
      })
      const claimed = await store.claim({ ...request, binding: epoch + 1 })
      expect(claimed).not.toHaveProperty('superseded')
      expect(claimed.records).toHaveLength(1)
    })

    test('refuses decisions claimed under an older epoch, but accepts the outcomes of writes', async () => {
      const { store } = harness
      const worker = await store.registerWorker()
      const { epoch } = await store.bind({ ...definition, version: 'v2' })
      await store.intake([{ marks: [mark('C1')] }])
      const [claimed] = (await store.claim({ worker: worker.id, limit: 1, leaseMs, binding: epoch })).records
      if (claimed === undefined) throw new RangeError('nothing was claimed')
      const decision = { lease: claimed.lease, record: { state: 'active' as const, rev: 1 } }
      await store.bind({ ...definition, version: 'v3' })
      expect(await store.decide([decision])).toEqual([{ kind: 'fenced' }])
      expect((await store.admin.record({ recordId: claimed.record.id }))?.record.rev).toBe(0)
      expect(await store.settle([clean(claimed)])).toEqual([{ kind: 'ok' }])
    })

    test('keeps lens sets by number, and a new number for each change', async () => {
      const { store } = harness
      const at = (digest: string) => ({
        ...definition,
        version: digest,
        lenses: [set('crm', digest), set('erp', 'e')],
      })
      const one = await store.bind(at('a'))
      const two = await store.bind(at('b'))
      const three = await store.bind(at('a'))
      const current = (bound: typeof one) =>
        bound.lenses
          .filter((kept) => kept.current)
          .map(({ system, digest }) => `${system} ${digest}`)
          .sort()
      expect([one, two, three].map(current)).toEqual([
        ['crm a', 'erp e'],
        ['crm b', 'erp e'],
        ['crm a', 'erp e'],
      ])
      expect(three.lenses).toHaveLength(4)
      expect(new Set(three.lenses.map(({ id }) => id)).size).toBe(4)
      expect((await store.bound())?.lenses).toEqual(three.lenses)
      expect(three.lenses[0]).toMatchObject({ fields: { name: 'c.a' }, scope: 'all', joinedAt: 0 })
    })

    test('begins an epoch when the lenses change under the same version', async () => {
      const { store } = harness
      const one = await store.bind({ ...definition, version: 'v2', lenses: [set('crm', 'a')] })
      const two = await store.bind({ ...definition, version: 'v2', lenses: [set('crm', 'b')] })
      const same = await store.bind({ ...definition, version: 'v2', lenses: [set('crm', 'b')] })
      expect([two.epoch, same.epoch]).toEqual([one.epoch + 1, one.epoch + 1])
    })

    test('finds the records that were read through another lens set', async () => {
      const { store } = harness
      const worker = await store.registerWorker()
      const { lenses } = await store.bind({ ...definition, version: 'v2', lenses: [set('crm', 'a')] })
      const id = await activeRecord(harness, worker, 'C1')
      await store.markRecords([{ recordId: id, systems: [] }])
      const claimed = await claimOne(store, worker)
      await store.settle([clean(claimed, { members: [{ system: 'crm', lens: lenses[0]?.id ?? 0 }] })])
      const place = { system: 'crm', entity: 'customer', limit: 10 }
      expect(await store.markOutdated(place)).toEqual({ marked: 0 })
      await store.bind({ ...definition, version: 'v3', lenses: [set('crm', 'b')] })
      expect(await store.markOutdated(place)).toEqual({ marked: 1 })
      const [again] = await claim(store, worker)
      expect(again?.record).toMatchObject({ id, toRead: ['crm'] })
      expect(again?.members.find(({ system }) => system === 'crm')?.lens).toBe(lenses[0]?.id)
    })

    test('assigns records without a number to the definition before', async () => {
      const { store } = harness
      const worker = await store.registerWorker()
      await activeRecord(harness, worker, 'C1')
      await activeRecord(harness, worker, 'E1', 'erp')
      const before = [set('crm', 'a'), set('erp', 'e')]
      const lenses = [set('crm', 'b'), set('erp', 'e')]
      const bound = await store.bind({ ...definition, version: 'v2', before, lenses })
      expect(
        bound.lenses.map(({ system, digest, current, legacy }) => [system, digest, current, legacy]),
      ).toEqual([
        ['crm', 'a', false, true],
        ['crm', 'b', true, false],
        ['erp', 'e', true, true],
      ])
      const place = { entity: 'customer', limit: 10 }
      expect(await store.markOutdated({ ...place, system: 'crm' })).toEqual({ marked: 1 })
      expect(await store.markOutdated({ ...place, system: 'erp' })).toEqual({ marked: 0 })
      // Only the first binding determines the lens set of records without a number.
      const again = await store.bind({ ...definition, version: 'v3', before: [set('crm', 'x')], lenses })
      expect(again.lenses).toEqual(bound.lenses)
    })

    test('marks outdated records page by page', async () => {
      const { store } = harness
      const worker = await store.registerWorker()
      for (const nativeId of ['C1', 'C2', 'C3']) await activeRecord(harness, worker, nativeId)
      await store.bind({ ...definition, version: 'v2', before: [set('crm', 'a')], lenses: [set('crm', 'b')] })
      const place = { system: 'crm', entity: 'customer', limit: 2 }
      const first = await store.markOutdated(place)
      expect(first.marked).toBe(2)
      expect(await store.markOutdated({ ...place, after: first.last ?? '' })).toEqual({ marked: 1 })
    })

    test('finds an outdated member in a full run though its values are the same', async () => {
      const { store } = harness
      const worker = await store.registerWorker()
      await activeRecord(harness, worker, 'C1')
      const run = async () => {
        const id = harness.uuid()
        await store.startRun({ id, kind: 'full', system: 'crm', entity: 'customer' })
        await store.stage(id, [{ nativeId: 'C1', digest: store.digest({ name: 'Ann' }) }])
        return store.finishRun({ id, complete: true, seen: 1 })
      }
      expect(await run()).toMatchObject({ unchanged: 1, changed: 0 })
      await store.bind({ ...definition, version: 'v2', before: [set('crm', 'a')], lenses: [set('crm', 'b')] })
      expect(await run()).toMatchObject({ unchanged: 0, changed: 1 })
    })

    test('accepts no list from before a system left and came back', async () => {
      const { store } = harness
      const id = harness.uuid()
      await store.bind({ ...definition, version: 'v2', lenses: [set('crm', 'a'), set('erp', 'e')] })
      await store.startRun({ id, kind: 'full', system: 'erp', entity: 'customer' })
      await store.finishRun({ id, complete: true, seen: 0 })
      await harness.advance(5)
      await store.bind({ ...definition, version: 'v3', lenses: [set('crm', 'a')] })
      const back = await store.bind({
        ...definition,
        version: 'v4',
        lenses: [set('crm', 'a'), set('erp', 'e')],
      })
      expect(
        back.lenses.find(({ system, current }) => system === 'erp' && current)?.joinedAt,
      ).toBeGreaterThan(0)
      expect(await store.baselineDone('erp', 'customer')).toBe(false)
    })
  })
}
