/** Full runs, the mass-change guard, the schedule and the known state of systems. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { RunReason } from '../../src/model/run-reasons.ts'
import type { Fact, GuardReservation, WorkerSession } from '../../src/store/contract.ts'
import {
  activeRecord,
  claim,
  claimOne,
  clean,
  mark,
  memberOf,
  type OpenHarness,
  promotion,
  type StoreHarness,
} from './store-kit.ts'

export function describeRuns(open: OpenHarness): void {
  describe('full runs and bounds', () => {
    let harness: StoreHarness
    let worker: WorkerSession
    beforeEach(async () => {
      harness = await open()
      worker = await harness.store.registerWorker()
    })
    afterEach(() => harness.close())

    async function run(
      listed: readonly (readonly [nativeId: string, name: string])[],
      rest: { readonly complete?: boolean; readonly reason?: RunReason } = {},
    ) {
      const { store } = harness
      const id = harness.uuid()
      await harness.advance(5)
      await store.startRun({ id, kind: 'full', system: 'crm', entity: 'customer' })
      for (const [nativeId, name] of listed)
        await store.stage(id, [{ nativeId, digest: store.digest({ name }) }])
      const found = await store.finishRun({ id, complete: true, seen: listed.length, ...rest })
      return { id, found }
    }

    test('finds changed, new and missing records, and leaves the rest unchanged', async () => {
      const { store } = harness
      const changed = await activeRecord(harness, worker, 'C1')
      await activeRecord(harness, worker, 'C2')
      const missing = await activeRecord(harness, worker, 'C3')
      const { id, found } = await run([
        ['C1', 'Annie'],
        ['C2', 'Ann'],
        ['C4', 'New'],
      ])
      expect(found).toEqual({ unchanged: 1, changed: 1, discovered: 1, missing: 1 })
      const due = await claim(store, worker)
      expect(due).toHaveLength(3)
      expect(due.map(({ record }) => record.id)).toEqual(expect.arrayContaining([changed, missing]))
      for (const { record } of due) expect(record.toRead).toEqual(['crm'])
      const candidate = due.find(({ record }) => record.state === 'candidate')!
      expect(memberOf(candidate, 'crm')).toMatchObject({ nativeId: 'C4', state: 'unread' })
      expect(candidate.record.fields).toEqual({})
      expect(await store.admin.run(id)).toMatchObject({
        kind: 'full',
        seen: 3,
        complete: true,
        created: 1,
        changed: 1,
        missing: 1,
      })
    })

    test('suspects nothing missing when the run was not complete (H26)', async () => {
      const { store } = harness
      await activeRecord(harness, worker, 'C1')
      const reason: RunReason = { code: 'list-failed', cause: 'HTTP_STATUS', message: 'page 2\u0000\ud800' }
      const { id, found } = await run([], { complete: false, reason })
      expect(found.missing).toBe(1)
      expect(await claim(store, worker)).toEqual([])
      expect(await store.baselineDone('crm', 'customer')).toBe(false)
      expect(await store.admin.run(id)).toMatchObject({ complete: false, reason })
      await run([['C1', 'Ann']])
      expect(await store.baselineDone('crm', 'customer')).toBe(true)
      expect(await store.baselineDone('erp', 'customer')).toBe(false)
    })

    test('marks what an incomplete list missed up to a requested number, and keeps that with the run', async () => {
      const { store } = harness
      const looked = await activeRecord(harness, worker, 'C1')
      const other = await activeRecord(harness, worker, 'C2')
      await harness.advance(5)
      const missing = async (atMost: number) => {
        const id = harness.uuid()
        await store.startRun({ id, kind: 'full', system: 'crm', entity: 'customer' })
        const end = { complete: false, reason: { code: 'offset-paging' } as const, seen: 0 }
        expect(await store.finishRun({ id, ...end, observeMissing: atMost })).toMatchObject({ missing: 2 })
        const ended = await store.admin.run(id)
        expect(ended?.reason).toEqual({ code: 'offset-paging' })
        return ended?.missingObserved
      }
      expect(await missing(1)).toBeUndefined()
      expect(await claim(store, worker)).toEqual([])
      expect(await missing(2)).toBe(true)
      const due = await claim(store, worker)
      expect(due.map(({ record }) => record.id).sort()).toEqual([looked, other].sort())
      expect(await store.baselineDone('crm', 'customer')).toBe(false)
    })

    test('does not count a record as missing that was linked during the run', async () => {
      const { store } = harness
      const id = harness.uuid()
      await store.startRun({ id, kind: 'full', system: 'crm', entity: 'customer' })
      await harness.advance(5)
      await activeRecord(harness, worker, 'C1')
      expect(await store.finishRun({ id, complete: true, seen: 0 })).toMatchObject({ missing: 0 })
    })

    test('marks a member that was suspected gone when it is listed again', async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      await store.markRecords([{ recordId: id, systems: [] }])
      const claimed = await claimOne(store, worker)
      await store.settle([clean(claimed, { members: [{ system: 'crm', state: 'suspect' }] })])
      expect((await run([['C1', 'Ann']])).found).toMatchObject({ changed: 1, unchanged: 0 })
    })

    test('counts a record once that was listed twice', async () => {
      await activeRecord(harness, worker, 'C1')
      const { found } = await run([
        ['C1', 'Ann'],
        ['C1', 'Ann'],
        ['C2', 'x'],
        ['C2', 'x'],
      ])
      expect(found).toEqual({ unchanged: 1, changed: 0, discovered: 1, missing: 0 })
    })

    test('stages hostile native ids separately', async () => {
      const nativeIds = ['a\tb', 'a\nb', 'a\\', '\\N', 'a\u0000', 'ä\ud800', '']
      const { found } = await run(nativeIds.map((nativeId) => [nativeId, 'x'] as const))
      expect(found.discovered).toBe(nativeIds.length)
      const due = await claim(harness.store, worker)
      expect(due.map(({ members }) => members[0]?.nativeId).sort()).toEqual(nativeIds.toSorted())
    })

    test('drops a run that can not be finished, and another one is not affected', async () => {
      const { store } = harness
      const [dropped, other] = [harness.uuid(), harness.uuid()]
      for (const id of [dropped, other]) {
        await store.startRun({ id, kind: 'full', system: 'crm', entity: 'customer' })
        await store.stage(id, [{ nativeId: 'C1', digest: store.digest({ n: '1' }) }])
      }
      await store.dropRun({ id: dropped, reason: { code: 'stopped' } })
      await store.dropRun({ id: dropped, reason: { code: 'nothing-listed' } })
      expect(await claim(store, worker)).toEqual([])
      await expect(store.finishRun({ id: dropped, complete: true, seen: 1 })).rejects.toMatchObject({
        code: 'STORE_RUN_UNKNOWN',
      })
      expect(await store.baselineDone('crm', 'customer')).toBe(false)
      const { rows } = await store.admin.runs({ limit: 5 })
      expect(rows.find(({ id }) => id === dropped)).toMatchObject({
        complete: false,
        reason: { code: 'stopped' },
        finishedAt: expect.any(Number),
      })
      const found = await store.finishRun({ id: other, complete: true, seen: 1 })
      expect(found).toEqual({ unchanged: 0, changed: 0, discovered: 1, missing: 0 })
      await store.dropRun({ id: other, reason: { code: 'stopped' } })
      expect(await store.baselineDone('crm', 'customer')).toBe(true)
    })

    test('compares many records in slices', async () => {
      const { store } = harness
      const id = harness.uuid()
      await store.startRun({ id, kind: 'full', system: 'crm', entity: 'customer' })
      const records = Array.from({ length: 12_000 }, (_, n) => ({
        nativeId: `C${n}`,
        digest: store.digest({ n: `${n}` }),
      }))
      for (let at = 0; at < records.length; at += 3000) await store.stage(id, records.slice(at, at + 3000))
      expect(await store.finishRun({ id, complete: true, seen: records.length })).toEqual({
        unchanged: 0,
        changed: 0,
        discovered: 12_000,
        missing: 0,
      })
      expect((await store.admin.status()).records).toEqual({ candidate: 12_000 })
    })

    const waitForFirstLoad = async (): Promise<void> => {
      const { store } = harness
      await store.intake([{ marks: [mark('C1')] }])
      const claimed = await claimOne(store, worker)
      const waiting = { system: 'erp', lane: { state: 'waiting', reason: 'first-load' } } as const
      await store.decide([promotion(claimed)])
      await store.settle([
        {
          lease: claimed.lease,
          members: [waiting],
          finish: { kind: 'again', at: (await store.now()) + 60_000 },
        },
      ])
      expect(await claim(store, worker)).toEqual([])
    }

    test('wakes records that wait for the first load of a place when its lists are accepted', async () => {
      const { store } = harness
      await waitForFirstLoad()
      await store.wakeFirstLoad('crm', 'customer')
      expect(await claim(store, worker)).toEqual([])
      await store.wakeFirstLoad('erp', 'customer')
      expect(await claim(store, worker)).toHaveLength(1)
    })

    test('wakes records that wait for the first load of a place once its list is complete', async () => {
      const { store } = harness
      await waitForFirstLoad()
      for (const complete of [false, true]) {
        const id = harness.uuid()
        await store.startRun({ id, kind: 'full', system: 'erp', entity: 'customer' })
        await store.finishRun({ id, complete, seen: 0 })
        expect(await claim(store, worker)).toHaveLength(complete ? 1 : 0)
      }
    })

    test('refuses runs that were not begun or have ended', async () => {
      const { store } = harness
      const { id } = await run([])
      await expect(store.finishRun({ id, complete: true, seen: 0 })).rejects.toMatchObject({
        code: 'STORE_RUN_UNKNOWN',
      })
      await expect(
        store.stage('nothing', [{ nativeId: 'C1', digest: store.digest({}) }]),
      ).rejects.toMatchObject({
        code: 'STORE_RUN_UNKNOWN',
      })
    })

    test('grants changes up to the larger bound of the guard, each whole or not at all', async () => {
      const { store } = harness
      const reservation = (count: number, rest: Partial<GuardReservation> = {}): GuardReservation => ({
        system: 'crm',
        entity: 'customer',
        operation: 'delete',
        count,
        share: 0.5,
        atLeast: 3,
        ...rest,
      })
      expect(await store.reserveChanges([reservation(2), reservation(2), reservation(1)])).toEqual([
        true,
        false,
        true,
      ])
      expect(await store.reserveChanges([reservation(1)])).toEqual([false])
      expect(await store.reserveChanges([reservation(1, { operation: 'update' })])).toEqual([true])
      expect(await store.reserveChanges([reservation(1, { system: 'erp' })])).toEqual([true])
      await store.intake([{ marks: Array.from({ length: 10 }, (_, n) => mark(`C${n}`)) }])
      const claimed = await claim(store, worker)
      await store.settle(claimed.map((one) => clean(one, { members: [{ system: 'crm', state: 'linked' }] })))
      expect(await store.reserveChanges([reservation(2), reservation(1)])).toEqual([true, false])
    })

    test('subtracts changes that were not made', async () => {
      const { store } = harness
      const some = (count: number) => ({
        system: 'crm',
        entity: 'customer',
        operation: 'create' as const,
        count,
        share: 0,
        atLeast: 2,
      })
      expect(await store.reserveChanges([some(2), some(1), some(-1), some(1), some(1)])).toEqual([
        true,
        false,
        true,
        true,
        false,
      ])
      expect(await store.reserveChanges([some(-2)])).toEqual([true])
      expect(await store.reserveChanges([some(2), some(1)])).toEqual([true, false])
    })

    test('grants no more than the bound to concurrent processes', async () => {
      const { store, other } = harness
      const one = {
        system: 'crm',
        entity: 'customer',
        operation: 'create',
        count: 1,
        share: 0,
        atLeast: 5,
      } as const
      const granted = await Promise.all(
        Array.from({ length: 12 }, (_, n) => (n % 2 === 0 ? store : other).reserveChanges([one])),
      )
      expect(granted.flat().filter((yes) => yes)).toHaveLength(5)
    })

    test('has one owner of the schedule at a time', async () => {
      const { store, other } = harness
      const long = 600_000
      expect(await store.ownSchedule('a', long)).toBe(true)
      expect(await other.ownSchedule('b', long)).toBe(false)
      // Only a time that is over on purpose is short: no load of the machine ends the others.
      expect(await store.ownSchedule('a', 1)).toBe(true)
      await harness.advance(50)
      expect(await other.ownSchedule('b', long)).toBe(true)
      expect(await store.ownSchedule('a', long)).toBe(false)
      expect(await store.lastScheduled('crm/full')).toBeUndefined()
      await store.saveScheduled('crm/full', 5)
      await store.saveScheduled('crm/full', 7)
      expect(await store.lastScheduled('crm/full')).toBe(7)
    })

    test('distinguishes facts by their kind, place and detail', async () => {
      const { store, other } = harness
      const facts: readonly Fact[] = [
        { kind: 'first-load-listed', entity: 'customer' },
        ...['crm', 'erp'].flatMap((system): readonly Fact[] => {
          const place = { system, entity: 'customer' }
          return [
            { kind: 'listed-twice', ...place, joinedAt: 0 },
            { kind: 'listed-twice', ...place, joinedAt: 8 },
            { kind: 'observed', ...place, by: 'feed' },
            { kind: 'observed', ...place, by: 'list' },
            { kind: 'older-records-marked', ...place, version: 'v1', joinedAt: 0 },
            { kind: 'older-records-marked', ...place, version: 'v1', joinedAt: 8 },
            { kind: 'older-records-marked', ...place, version: 'v2', joinedAt: 0 },
            { kind: 'lens-set-applied', ...place, lensSet: 1 },
            { kind: 'lens-set-applied', ...place, lensSet: 2 },
            { kind: 'deletions-tripped', ...place },
            { kind: 'witnesses-lost', ...place },
          ]
        }),
        { kind: 'witnesses-lost', system: 'crm', entity: 'invoice' },
      ]
      for (const [at, fact] of facts.entries()) {
        expect(await store.factAt(fact)).toBeUndefined()
        await store.saveFact(fact, at)
      }
      for (const [at, fact] of facts.entries()) expect(await other.factAt(fact)).toBe(at)
      await other.saveFact(facts[0]!, 99)
      expect(await store.factAt(facts[0]!)).toBe(99)
      expect(await store.factAt(facts[1]!)).toBe(1)
    })

    test('chooses healthy, linked sentinels, never the one in question', async () => {
      const { store } = harness
      for (const nativeId of ['C1', 'C2', 'C3']) await activeRecord(harness, worker, nativeId)
      await activeRecord(harness, worker, 'E1', 'erp')
      await store.intake([{ marks: [mark('C4')] }])
      expect((await store.sentinels('crm', 'customer', 5, 'C2')).toSorted()).toEqual(['C1', 'C3'])
      expect(await store.sentinels('crm', 'customer', 1, 'C2')).toHaveLength(1)
    })

    test('trusts another account once a person accepts it, which is journaled', async () => {
      const { store } = harness
      expect(await store.admin.acceptAccount('crm', 'ada')).toEqual({ kind: 'unknown' })
      await store.saveFingerprint('crm', 'tenant 1')
      expect(await store.admin.acceptAccount('crm', 'ada')).toEqual({ kind: 'same', account: 'tenant 1' })
      await store.noteFingerprint('crm', 'tenant 2')
      expect(await store.fingerprint('crm')).toBe('tenant 1')
      expect(await store.admin.acceptAccount('crm', 'ada')).toEqual({
        kind: 'accepted',
        before: 'tenant 1',
        account: 'tenant 2',
      })
      expect(await store.fingerprint('crm')).toBe('tenant 2')
      const [line] = await store.admin.journal({ limit: 1 })
      expect(line).toMatchObject({ kind: 'person', actor: 'ada', body: { acceptedAccount: 'crm' } })
      // The old account is back before the next one was accepted.
      await store.noteFingerprint('crm', 'tenant 3')
      await store.noteFingerprint('crm', 'tenant 2')
      expect((await store.admin.acceptAccount('crm', 'ada')).kind).toBe('same')
    })

    test('remembers fingerprints of systems', async () => {
      const { store } = harness
      expect(await store.fingerprint('crm')).toBeUndefined()
      await store.saveFingerprint('crm', 'tenant 1')
      await store.saveFingerprint('crm', 'tenant 2')
      expect(await store.fingerprint('crm')).toBe('tenant 2')
    })

    test('belongs to one integration', async () => {
      const { store } = harness
      await store.bind({ id: 'test', version: 'v2', document: { a: 1 } })
      await expect(store.bind({ id: 'another', version: 'v1', document: {} })).rejects.toMatchObject({
        code: 'STORE_OTHER_INTEGRATION',
      })
    })
  })
}
