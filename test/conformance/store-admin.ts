/** Queries and decisions of people. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { FailureDraft, HoldDraft, WorkerSession } from '../../src/store/contract.ts'
import type { RecordSearch } from '../../src/store/search-contract.ts'
import {
  activeRecord,
  claim,
  claimOne,
  clean,
  intent,
  mark,
  memberOf,
  type OpenHarness,
  type StoreHarness,
} from './store-kit.ts'

export function describeAdmin(open: OpenHarness): void {
  describe('people', () => {
    let harness: StoreHarness
    let worker: WorkerSession
    beforeEach(async () => {
      harness = await open()
      worker = await harness.store.registerWorker()
    })
    afterEach(() => harness.close())

    async function claimAgain(id: string) {
      await harness.store.markRecords([{ recordId: id, systems: [] }])
      return claimOne(harness.store, worker)
    }

    function failure(recordId: string, rest: Partial<FailureDraft> = {}): FailureDraft {
      return {
        recordId,
        entity: 'customer',
        system: 'crm',
        operation: 'update',
        code: 'HTTP_STATUS_FINAL',
        message: 'it said no',
        signature: 'crm/update/REFUSED',
        replay: 'safe',
        ...rest,
      }
    }

    function hold(recordId: string, rest: Partial<HoldDraft> = {}): HoldDraft {
      return { id: harness.uuid(), recordId, entity: 'customer', kind: 'guard', reason: 'too many', ...rest }
    }

    test('count existing rows', async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      await store.intake([
        { marks: [mark('C2'), mark('C3')], cursor: { system: 'crm', entity: 'customer', position: 'p' } },
      ])
      const [one] = await claim(store, worker, 1)
      await store.decide([
        {
          lease: one!.lease,
          intents: [intent(harness, one!.record.id)],
          holds: [hold(one!.record.id)],
          failures: [failure(one!.record.id)],
        },
      ])
      const status = await store.admin.status()
      expect(status).toMatchObject({
        records: { active: 1, candidate: 2 },
        queue: { due: 1, waiting: 0, running: 1 },
        open: { conflicts: 0, failures: 1, matches: 0, holds: 1, intents: 1 },
        workers: 1,
      })
      const crm = status.systems.find(({ system }) => system === 'crm')
      expect(crm).toMatchObject({ entity: 'customer', linked: 1, lanes: { open: 3 } })
      expect(crm?.cursorAt).toBeGreaterThan(0)
      expect(await store.admin.record({ system: 'crm', nativeId: 'C1' })).toMatchObject({ record: { id } })
      expect(await store.admin.record({ system: 'crm', entity: 'customer', nativeId: 'C1' })).toMatchObject({
        record: { id },
      })
      expect(await store.admin.record({ system: 'crm', nativeId: 'C9' })).toBeUndefined()
      expect(await store.admin.record({ recordId: 'no id at all' })).toBeUndefined()
    })

    test('find records by id, native id and match key, the surest first, each once', async () => {
      const { store } = harness
      const one = await activeRecord(harness, worker, 'C1')
      const two = await activeRecord(harness, worker, 'C2')
      const three = await activeRecord(harness, worker, 'C3')
      const exact = { rule: 0, kind: 'exact', text: '"ann"' } as const
      const block = { rule: 1, kind: 'block', text: '"an"' } as const
      for (const [id, matchKeys] of [
        [one, [exact, block]],
        [two, [block]],
        [three, [{ ...exact, text: '"bob"' }]],
      ] as const) {
        const claimed = await claimAgain(id)
        await store.decide([{ lease: claimed.lease, matchKeys }])
        await store.settle([clean(claimed)])
      }
      const places = [
        { system: 'crm', entity: 'customer' },
        { system: 'erp', entity: 'customer' },
      ]
      const keys = [exact, block].map((key) => ({ entity: 'customer', key }))
      const find = (search: Partial<RecordSearch>) =>
        store.admin.findRecords({ nativeId: '', places, keys: [], limit: 10, ...search })
      const found = { entity: 'customer', state: 'active' }
      expect(await find({ recordId: one, nativeId: one })).toEqual([
        { recordId: one, by: 'record id', ...found },
      ])
      expect(await find({ nativeId: 'C2' })).toEqual([
        { recordId: two, by: 'native id', system: 'crm', ...found },
      ])
      expect(await find({ keys, nativeId: 'C3', recordId: 'no id' })).toEqual([
        { recordId: three, by: 'native id', system: 'crm', ...found },
        { recordId: one, by: 'value', ...found },
        { recordId: two, by: 'similar', ...found },
      ])
      expect(await find({ keys, limit: 1 })).toEqual([{ recordId: one, by: 'value', ...found }])
      expect(await find({ nativeId: 'C9\u0000', places: [] })).toEqual([])
    })

    test('page through lists, newest first, without gaps', async () => {
      const { store } = harness
      const ids: string[] = []
      for (let n = 0; n < 5; n += 1) {
        ids.push(await activeRecord(harness, worker, `C${n}`))
        await harness.advance(2)
      }
      await store.markRecords(ids.map((recordId) => ({ recordId, systems: [] })))
      const claimed = await claim(store, worker)
      for (const one of claimed) {
        await store.settle([clean(one, { failures: [failure(one.record.id)], holds: [hold(one.record.id)] })])
        await harness.advance(2)
      }
      const seen = async (
        list: (page: {
          limit: number
          cursor?: string
        }) => Promise<{ rows: readonly unknown[]; cursor?: string }>,
      ) => {
        const rows: unknown[] = []
        let cursor: string | undefined
        do {
          const page = await list({ limit: 2, ...(cursor === undefined ? {} : { cursor }) })
          rows.push(...page.rows)
          cursor = page.cursor
        } while (cursor !== undefined)
        return rows
      }
      const failures = (await seen((page) => store.admin.failures(page))) as { recordId: string }[]
      expect(failures.map(({ recordId }) => recordId)).toEqual(
        claimed.map(({ record }) => record.id).toReversed(),
      )
      expect(await seen((page) => store.admin.holds(page))).toHaveLength(5)
      const records = await seen((page) => store.admin.recordIds('customer', page))
      expect(new Set(records)).toEqual(new Set(ids))
      expect(await store.admin.recordIds('order', { limit: 2 })).toEqual({ rows: [] })
      expect((await store.admin.failures({ limit: 9, system: 'erp' })).rows).toEqual([])
      expect((await store.admin.failures({ limit: 9, cursor: 'nonsense' })).rows).toHaveLength(5)
    })

    test('see a failure once per lane, with its count, until it is resolved', async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      for (const message of ['first', 'second']) {
        await store.settle([clean(await claimAgain(id), { failures: [failure(id, { message })] })])
        await harness.advance(2)
      }
      const { rows } = await store.admin.failures({ limit: 5 })
      expect(rows).toHaveLength(1)
      expect(rows[0]).toMatchObject({ message: 'second', count: 2, replay: 'safe' })
      expect(rows[0]!.lastAt).toBeGreaterThan(rows[0]!.firstAt)
      await store.settle([
        clean(await claimAgain(id), { clearedFailures: [{ recordId: id, system: 'crm' }] }),
      ])
      expect((await store.admin.failures({ limit: 5 })).rows).toEqual([])
      await store.settle([clean(await claimAgain(id), { failures: [failure(id)] })])
      expect((await store.admin.failures({ limit: 5 })).rows[0]).toMatchObject({ count: 1 })
    })

    test('retry failures: lanes open, refusals are forgotten, records are due', async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      const other = await activeRecord(harness, worker, 'C2')
      const fields = {
        name: { shadow: 'Ann', acked: 1, rejected: { rev: 2, version: 'v', code: 'ENGINE_CALL_FAILED' } },
      }
      const lane = {
        system: 'crm',
        lane: { state: 'rejected', reason: 'refused' },
        laneAttempts: 3,
      } as const
      await store.settle([
        clean(await claimAgain(id), { failures: [failure(id)], members: [{ ...lane, fields }] }),
      ])
      await store.settle([
        clean(await claimAgain(other), { failures: [failure(other, { signature: 's2' })] }),
      ])
      expect(await store.admin.retryFailures({ signature: 'crm/update/REFUSED' }, 'eve')).toBe(1)
      const due = await claimOne(store, worker)
      expect(due.record).toMatchObject({ id, toRead: ['crm'], attempts: 1 })
      expect(memberOf(due, 'crm')).toMatchObject({ laneAttempts: 0 })
      expect(memberOf(due, 'crm').lane).toEqual({ state: 'open' })
      expect(memberOf(due, 'crm').fields).toEqual({ name: { shadow: 'Ann', acked: 1 } })
      expect((await store.admin.failures({ limit: 5 })).rows).toHaveLength(1)
      expect((await store.admin.journal({ recordId: id, limit: 1 }))[0]).toMatchObject({
        kind: 'person',
        actor: 'eve',
      })
      expect(await store.admin.retryFailures({ recordId: other }, 'eve')).toBe(1)
      expect(await store.admin.retryFailures({}, 'eve')).toBe(0)
    })

    test('decide a conflict: the chosen value is agreed under a new revision and no longer held', async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      const [conflictId, decidedId] = [harness.uuid(), harness.uuid()]
      const candidates = [
        { system: 'crm', value: 'Anna', at: 1 },
        { system: 'erp', value: undefined, at: 2 },
      ]
      await store.settle([
        clean(await claimAgain(id), {
          record: { fields: { name: { value: 'Ann', rev: 1, src: 'crm', at: 1, heldBy: conflictId } } },
          conflicts: [
            { id: conflictId, field: 'name', policy: 'manual', candidates },
            { id: decidedId, field: 'city', policy: 'prefer', candidates, winner: 'crm' },
          ],
        }),
      ])
      const { rows } = await store.admin.conflicts({ limit: 5, state: 'open' })
      expect(rows).toMatchObject([{ id: conflictId, recordId: id, field: 'name', state: 'open' }])
      expect(rows[0]!.candidates[1]).toEqual({ system: 'erp', at: 2 })
      expect((await store.admin.conflicts({ limit: 5 })).rows).toHaveLength(2)
      expect(await store.admin.conflict(conflictId)).toEqual(rows[0])
      expect(await store.admin.conflict(harness.uuid())).toBeUndefined()
      expect(await store.admin.resolveConflict(harness.uuid(), { system: 'crm' }, 'p')).toBe('unknown')
      expect(await store.admin.resolveConflict('nonsense', { system: 'crm' }, 'p')).toBe('unknown')
      expect(await store.admin.resolveConflict(decidedId, { system: 'crm' }, 'p')).toBe('already-decided')
      expect(await store.admin.resolveConflict(conflictId, { system: 'crm' }, 'eve')).toBe('ok')
      const due = await claimOne(store, worker)
      expect(due.record).toMatchObject({ rev: 2, toRead: ['*'] })
      expect(due.record.fields.name).toMatchObject({ value: 'Anna', rev: 2, src: 'person' })
      expect(due.record.fields.name).not.toHaveProperty('heldBy')
      expect((await store.admin.conflicts({ limit: 5, state: 'decided' })).rows).toContainEqual(
        expect.objectContaining({ id: conflictId, winner: 'crm', decidedBy: 'eve' }),
      )
    })

    test('see additions to a conflict while it is open, and choose the current value of a system', async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      const [first, second] = [harness.uuid(), harness.uuid()]
      const conflict = (conflictId: string, value: string, at: number, rest = {}) => ({
        ...{ id: conflictId, field: 'name', policy: 'manual', ...rest },
        candidates: [{ system: 'crm', value, at }],
      })
      const commit = async (...conflicts: ReturnType<typeof conflict>[]) => {
        const settlement = clean(await claimAgain(id), { conflicts })
        expect(await store.settle([settlement])).toEqual([{ kind: 'ok' }])
      }
      await commit(conflict(first, 'Anna', 1), conflict(second, 'Bea', 1))
      await commit(conflict(first, 'Hanna', 2))
      await commit(conflict(first, 'Johanna', 3), conflict(second, 'Bea', 2, { winner: 'crm' }))
      const rows = async () =>
        new Map((await store.admin.conflicts({ limit: 5 })).rows.map((row) => [row.id, row]))
      expect((await rows()).get(first)).toMatchObject({
        state: 'open',
        candidates: [{ value: 'Anna' }, { value: 'Hanna' }, { value: 'Johanna', at: 3 }],
      })
      expect((await rows()).get(second)).toMatchObject({
        state: 'decided',
        winner: 'crm',
        candidates: [{ value: 'Bea', at: 2 }],
      })
      expect(await store.admin.resolveConflict(first, { system: 'crm' }, 'eve')).toBe('ok')
      await commit(conflict(first, 'Too late', 4))
      expect((await rows()).get(first)).toMatchObject({ state: 'decided', decidedBy: 'eve' })
      expect((await store.admin.record({ recordId: id }))?.record.fields.name?.value).toBe('Johanna')
    })

    test('choose the agreed value by the system that it came from', async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      const conflictId = harness.uuid()
      const candidates = [
        { system: 'erp', value: 'Bea', at: 2 },
        { system: 'agreed', value: 'Ann', at: 1 },
      ]
      const fields = { name: { value: 'Ann', rev: 1, src: 'crm', at: 1 } }
      const held = await claimAgain(id)
      const conflicts = [{ id: conflictId, field: 'name', policy: 'manual', candidates }]
      await store.settle([clean(held, { record: { rev: 1, fields }, conflicts })])
      expect(await store.admin.resolveConflict(conflictId, { system: 'shop' }, 'eve')).toBe('unknown')
      expect(await store.admin.resolveConflict(conflictId, { system: 'crm' }, 'eve')).toBe('ok')
      expect((await store.admin.record({ recordId: id }))?.record.fields.name?.value).toBe('Ann')
    })

    test('fence a worker whose record they change', async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      const conflictId = harness.uuid()
      const conflicts = [{ id: conflictId, field: 'name', policy: 'manual', candidates: [] }]
      const held = await claimAgain(id)
      await store.settle([{ lease: held.lease, finish: { kind: 'keep' }, conflicts }])
      expect(await store.admin.resolveConflict(conflictId, { value: 'Zoe' }, 'eve')).toBe('ok')
      expect(await store.settle([clean(held, { record: { rev: 1, fields: {} } })])).toEqual([
        { kind: 'fenced' },
      ])
      expect((await claimOne(store, worker)).record.fields.name?.value).toBe('Zoe')
    })

    test('release a hold of the guard, and the engine lets the change pass once', async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      const one = hold(id, { system: 'erp' })
      const members = [{ system: 'erp', lane: { state: 'held', reason: 'guard' } }] as const
      await store.settle([
        clean(await claimAgain(id), { holds: [one, hold(id, { system: 'erp' })], members }),
      ])
      expect((await store.admin.holds({ limit: 5 })).rows).toMatchObject([
        { id: one.id, kind: 'guard', system: 'erp' },
      ])
      expect(await store.admin.releaseHolds({ id: one.id }, 'release', 'eve')).toBe(1)
      const due = await claimOne(store, worker)
      expect(due.record.toRead).toEqual(['erp'])
      expect(memberOf(due, 'erp')).toMatchObject({ lane: { state: 'open', reason: 'released' } })
      expect(await store.admin.releaseHolds({}, 'release', 'eve')).toBe(0)
      await store.settle([clean(due, { holds: [hold(id, { system: 'erp' })], members })])
      expect(await store.admin.releaseHolds({ kind: 'guard', system: 'erp' }, 'reject', 'eve')).toBe(1)
      expect(memberOf(await claimOne(store, worker), 'erp').lane.state).toBe('rejected')
    })

    test('release a rule for this revision, and a field that a remote kept rewriting', async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      const fields = {
        name: {
          shadow: 'Ann',
          acked: 1,
          hold: { reason: 'oscillation', at: 1 },
          oscillation: { count: 5, since: 1 },
        },
        city: { acked: 1, hold: { reason: 'oscillation', at: 1 } },
      }
      await store.settle([
        clean(await claimAgain(id), {
          holds: [
            hold(id, { kind: 'rule' }),
            hold(id, { kind: 'oscillation', system: 'crm', field: 'name' }),
          ],
          members: [{ system: 'crm', fields }],
        }),
      ])
      expect(await store.admin.releaseHolds({}, 'release', 'eve')).toBe(2)
      const due = await claimOne(store, worker)
      expect(due.record).toMatchObject({ releasedRev: 1, toRead: ['*', 'crm'] })
      expect(memberOf(due, 'crm').fields).toEqual({ name: { shadow: 'Ann', acked: 1 }, city: fields.city })
    })

    test('reject a held deletion: the record stays without the system that lost it', async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      await store.settle([
        clean(await claimAgain(id), {
          record: { state: 'deleting' },
          members: [
            { system: 'crm', state: 'gone', goneSince: 5 },
            {
              system: 'erp',
              nativeId: 'E1',
              state: 'linked',
              lane: { state: 'held', reason: 'delete-guard' },
            },
          ],
          holds: [hold(id, { kind: 'delete-guard', system: 'erp' })],
        }),
      ])
      expect(await store.admin.releaseHolds({ kind: 'delete-guard' }, 'reject', 'eve')).toBe(1)
      const due = await claimOne(store, worker)
      expect(due.record.state).toBe('active')
      expect(memberOf(due, 'crm')).toMatchObject({ state: 'out-of-scope' })
      expect(memberOf(due, 'erp')).toMatchObject({ state: 'linked', lane: { state: 'open' } })
    })

    test('no longer see holds without a remaining reason', async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      const holds = [hold(id, { kind: 'rule' }), hold(id, { system: 'crm' }), hold(id, { system: 'erp' })]
      await store.settle([clean(await claimAgain(id), { holds })])
      const clearedHolds = [
        { recordId: id, kind: 'rule' as const },
        { recordId: id, kind: 'guard' as const, system: 'crm' },
      ]
      await store.settle([clean(await claimAgain(id), { clearedHolds })])
      expect((await store.admin.holds({ limit: 5 })).rows).toMatchObject([{ kind: 'guard', system: 'erp' }])
    })
  })
}
