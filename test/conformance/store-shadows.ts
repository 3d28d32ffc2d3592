/** What a system last showed stays known whatever becomes of the agreed values, although it is stored only where it differs from them. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AgreedFields, MemberField } from '../../src/model/state.ts'
import type { ClaimedRecord, WorkerSession } from '../../src/store/contract.ts'
import {
  activeRecord,
  claimOne,
  clean,
  leaseMs,
  mark,
  memberOf,
  type OpenHarness,
  promotion,
  type StoreHarness,
} from './store-kit.ts'

const ann: MemberField = { shadow: 'Ann', acked: 1 }
const agreedAs = (value: string, rev: number): AgreedFields => ({ name: { value, rev, src: 'crm', at: 1 } })

export function describeShadows(open: OpenHarness): void {
  describe('shadows', () => {
    let harness: StoreHarness
    let worker: WorkerSession

    beforeEach(async () => {
      harness = await open()
      worker = await harness.store.registerWorker()
    })
    afterEach(() => harness.close())

    /** A record with counterparts in three systems, which all show the agreed value; claimed. */
    async function agreedInThree(): Promise<ClaimedRecord> {
      const { store } = harness
      const recordId = await activeRecord(harness, worker, 'C1')
      await store.intake([{ marks: [mark('C1')] }])
      const claimed = await claimOne(store, worker)
      const members = ['erp', 'shop'].map((system) => ({
        system,
        state: 'linked' as const,
        nativeId: `${system} 1`,
        fields: { name: ann, phone: { acked: 1 } },
      }))
      expect(await store.settle([clean(claimed, { members })])).toEqual([{ kind: 'ok' }])
      await store.intake([{ marks: [mark('C1')] }])
      const again = await claimOne(store, worker)
      expect(again.record.id).toBe(recordId)
      return again
    }

    async function fieldsOf(recordId: string): Promise<Readonly<Record<string, object>>> {
      const detail = await harness.other.admin.record({ recordId })
      return Object.fromEntries(detail?.members.map(({ system, fields }) => [system, fields]) ?? [])
    }

    const everywhere = {
      crm: { name: ann },
      erp: { name: ann, phone: { acked: 1 } },
      shop: { name: ann, phone: { acked: 1 } },
    }

    test('are those of the settlement, and fields without one were never absorbed', async () => {
      const claimed = await agreedInThree()
      expect(await fieldsOf(claimed.record.id)).toEqual(everywhere)
    })

    test('stay when a decision agrees on another value', async () => {
      const { store } = harness
      const claimed = await agreedInThree()
      const { lease, record } = claimed
      const crm = { system: 'crm', fields: { name: { shadow: 'Bea', acked: 2 } } }
      const moved = { rev: 2, fields: agreedAs('Bea', 2) }
      expect(await store.decide([{ lease, record: moved, members: [crm] }])).toEqual([{ kind: 'ok' }])
      expect(await fieldsOf(record.id)).toEqual({ ...everywhere, crm: crm.fields })
      // The write to one of them is settled without the agreed value.
      const erp = { system: 'erp', fields: { name: { shadow: 'Bea', acked: 2 } } }
      expect(await store.settle([clean(claimed, { members: [erp] })])).toEqual([{ kind: 'ok' }])
      expect(await fieldsOf(record.id)).toEqual({ ...everywhere, crm: crm.fields, erp: erp.fields })
    })

    test('stay when a settlement agrees on another value, and when it does so again', async () => {
      const { store } = harness
      const claimed = await agreedInThree()
      const { lease, record } = claimed
      for (const [rev, value] of [
        [2, 'Bea'],
        [3, 'Ann'],
        [4, 'Cid'],
      ] as const) {
        const settled = {
          lease,
          record: { rev, fields: agreedAs(value, rev) },
          finish: { kind: 'keep' } as const,
        }
        expect(await store.settle([settled])).toEqual([{ kind: 'ok' }])
        expect(await fieldsOf(record.id)).toEqual(everywhere)
      }
    })

    test('stay when a person decides a conflict', async () => {
      const { store } = harness
      const claimed = await agreedInThree()
      const { lease, record } = claimed
      const id = harness.uuid()
      const conflict = {
        id,
        recordId: record.id,
        entity: 'customer',
        field: 'name',
        policy: 'review' as const,
        candidates: [
          { system: 'crm', value: 'Ann', at: 1 },
          { system: 'erp', value: 'Bea', at: 1 },
        ],
      }
      await store.decide([{ lease, conflicts: [conflict] }])
      await store.settle([clean(claimed)])
      expect(await store.admin.resolveConflict(id, { value: 'Cid' }, 'anna')).toBe('ok')
      expect(await fieldsOf(record.id)).toEqual(everywhere)
      const next = await claimOne(store, worker)
      expect(next.record.fields.name?.value).toBe('Cid')
      expect(memberOf(next, 'shop').fields).toEqual(everywhere.shop)
    })

    test('stay when a process that knows the earlier format settles a record that it holds across the contract', async () => {
      const earlier = await open({ format: 1 })
      const { store, other } = earlier
      const held = await store.registerWorker()
      await store.intake([{ marks: [mark('C1')] }])
      const first = await claimOne(store, held)
      await store.decide([promotion(first)])
      const erp = { system: 'erp', state: 'linked' as const, nativeId: 'E1', fields: { name: ann } }
      await store.settle([clean(first, { members: [erp] })])
      await store.intake([{ marks: [mark('C1')] }])
      const [claimed] = (await store.claim({ worker: held.id, limit: 1, leaseMs })).records
      if (claimed === undefined) throw new RangeError('nothing was claimed')
      await other.admin.contract('anna')
      await other.admin.convertDocuments(10)
      const record = { rev: 2, fields: agreedAs('Bea', 2) }
      expect(await store.settle([clean(claimed, { record })])).toEqual([{ kind: 'ok' }])
      const detail = await other.admin.record({ recordId: claimed.record.id })
      expect(detail?.members.map(({ fields }) => fields)).toEqual([{ name: ann }, { name: ann }])
      await earlier.close()
    })
  })
}
