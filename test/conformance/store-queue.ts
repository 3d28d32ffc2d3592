/** The work queue: claims, leases, finishing, and the death of workers. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Settlement, WorkerSession } from '../../src/store/contract.ts'
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

export function describeQueue(open: OpenHarness): void {
  describe('the work queue', () => {
    let harness: StoreHarness
    let worker: WorkerSession
    beforeEach(async () => {
      harness = await open()
      worker = await harness.store.registerWorker()
    })
    afterEach(() => harness.close())

    test('gives a record to one worker at a time', async () => {
      const { store, other } = harness
      const second = await other.registerWorker()
      const marks = Array.from({ length: 200 }, (_, n) => mark(`C${n}`))
      await store.intake([{ marks }])
      const claims = await Promise.all(
        Array.from({ length: 10 }, (_, n) =>
          n % 2 === 0 ? claim(store, worker, 30) : claim(other, second, 30),
        ),
      )
      const ids = claims.flat().map(({ record }) => record.id)
      expect(ids.length).toBe(200)
      expect(new Set(ids).size).toBe(200)
    })

    test('joins marks that arrive while a record waits', async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      await store.intake([{ marks: [mark('C1')] }])
      await store.markRecords([{ recordId: id, systems: ['erp'] }])
      const claimed = await claimOne(store, worker)
      expect(claimed.record.toRead).toEqual(['crm', 'erp'])
      await store.settle([clean(claimed)])
      expect(await claim(store, worker)).toHaveLength(0)
    })

    test('reads again when a mark arrives in the middle of a pass (H32)', async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      await store.markRecords([{ recordId: id, systems: [] }])
      const first = await claimOne(store, worker)
      await store.intake([{ marks: [mark('C1')] }])
      expect(await claim(store, worker)).toHaveLength(0)
      await store.settle([clean(first)])
      const second = await claimOne(store, worker)
      expect(second.record.toRead).toEqual(['crm'])
      await store.settle([clean(second)])
      expect(await claim(store, worker)).toHaveLength(0)
    })

    test('makes records due that wait because calls to a system failed, and leaves others unchanged', async () => {
      const { store } = harness
      const ids: string[] = []
      for (const nativeId of ['C1', 'C2', 'C3', 'C4']) ids.push(await activeRecord(harness, worker, nativeId))
      await store.markRecords(ids.map((recordId) => ({ recordId, systems: ['erp'] })))
      const at = (await store.now()) + 3_600_000
      const lanes = [
        { system: 'erp', laneAttempts: 5 },
        { system: 'erp', laneAttempts: 5 },
        { system: 'erp', laneAttempts: 5, lane: { state: 'backoff', reason: 'moving', until: at } },
        { system: 'crm', laneAttempts: 5 },
      ] as const
      const claimed = (await claim(store, worker)).toSorted((a, b) => (a.record.id < b.record.id ? -1 : 1))
      const waiting = claimed.map(({ lease, record }): Settlement => {
        const lane = lanes[ids.indexOf(record.id)]
        return { lease, finish: { kind: 'again', at }, ...(lane === undefined ? {} : { members: [lane] }) }
      })
      await store.settle(waiting)
      expect(await claim(store, worker)).toEqual([])
      expect(await store.resumeWaiting({ system: 'erp', limit: 1, spreadMs: 0 })).toBe(1)
      expect(await store.resumeWaiting({ system: 'erp', limit: 100, spreadMs: 0 })).toBe(1)
      expect(await store.resumeWaiting({ system: 'erp', limit: 100, spreadMs: 0 })).toBe(0)
      await harness.advance(10)
      const due = await claim(store, worker)
      expect(due.map(({ record }) => record.id).toSorted()).toEqual(ids.slice(0, 2).toSorted())
    })

    test('loses no mark, whenever it arrives (H32)', async () => {
      const { store, other } = harness
      await activeRecord(harness, worker, 'C1')
      let seen = 0
      let sent = 0
      const marking = (async () => {
        for (; sent < 40; sent += 1) await other.intake([{ marks: [mark('C1')] }])
      })()
      const working = (async () => {
        while (sent < 40) {
          for (const claimed of await claim(store, worker)) {
            seen = claimed.record.dirtySeq
            await store.settle([clean(claimed)])
          }
        }
      })()
      await Promise.all([marking, working])
      const last = await claim(store, worker)
      if (last[0] !== undefined) seen = last[0].record.dirtySeq
      expect(seen).toBe(41)
    })

    test("a record with a row that can't be read is claimed apart, and the others of the claim go on", async () => {
      const { store } = harness
      const ids: string[] = []
      for (const nativeId of ['C1', 'C2', 'C3']) ids.push(await activeRecord(harness, worker, nativeId))
      const [good = '', member = '', record = ''] = ids
      await harness.spoil(member, 'crm')
      await harness.spoil(record)
      await store.markRecords(ids.map((recordId) => ({ recordId, systems: [] })))
      const result = await store.claim({ worker: worker.id, limit: 10, leaseMs })
      expect(result.records.map(({ lease }) => lease.recordId)).toEqual([good])
      const apart = (result.unreadable ?? []).toSorted(
        (a, b) => ids.indexOf(a.lease.recordId) - ids.indexOf(b.lease.recordId),
      )
      const same = { code: 'STORE_DOCUMENT_UNREADABLE', entity: 'customer', system: 'crm', times: 0 }
      expect(apart).toMatchObject([
        {
          ...same,
          lease: { recordId: member },
          message: expect.stringContaining(`member.fields of ${member}/crm`),
        },
        {
          ...same,
          lease: { recordId: record },
          message: expect.stringContaining(`record.fields of ${record}`),
        },
      ])
    })

    test('counts how often a record could not be read, until its failure is closed', async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      const restore = await harness.spoil(id, 'crm')
      await store.markRecords([{ recordId: id, systems: [] }])
      const failure = {
        ...{
          recordId: id,
          entity: 'customer',
          system: 'crm',
          operation: 'pass',
          message: 'm',
          signature: 's',
        },
        ...({ code: 'STORE_DOCUMENT_UNREADABLE', replay: 'after-check' } as const),
      }
      for (const times of [0, 1, 2]) {
        const { unreadable = [] } = await store.claim({ worker: worker.id, limit: 10, leaseMs })
        expect(unreadable).toMatchObject([{ times }])
        const finish = { kind: 'again', at: await store.now() } as const
        await store.settle(unreadable.map(({ lease }) => ({ lease, failures: [failure], finish })))
      }
      await restore()
      const claimed = await claimOne(store, worker)
      expect(claimed).toMatchObject({ wasUnreadable: true, record: { attempts: 1 } })
      const { recordId, system, code } = failure
      await store.settle([clean(claimed, { clearedFailures: [{ recordId, system, code }] })])
      await store.markRecords([{ recordId: id, systems: [] }])
      expect(await claimOne(store, worker)).not.toHaveProperty('wasUnreadable')
    })

    test('shows people what can be read of a record, and retries it', async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      const key = { recordId: id }
      const whole = await store.admin.inspect(key)
      expect(whole).toEqual({ ...(await store.admin.record(key)), unreadable: [] })
      const restoreMember = await harness.spoil(id, 'crm')
      await expect(store.admin.record(key)).rejects.toMatchObject({ code: 'STORE_DOCUMENT_UNREADABLE' })
      const code = 'STORE_DOCUMENT_UNREADABLE'
      expect(await store.admin.inspect(key)).toMatchObject({
        record: { id, fields: whole?.record.fields },
        members: whole?.members.filter(({ system }) => system !== 'crm'),
        unreadable: [{ system: 'crm', code }],
      })
      await store.markRecords([{ recordId: id, systems: [] }])
      const { unreadable = [] } = await store.claim({ worker: worker.id, limit: 10, leaseMs })
      const [first] = unreadable
      const failures = [
        {
          recordId: id,
          entity: 'customer',
          system: 'crm',
          operation: 'pass',
          code,
          message: 'm',
          signature: 's',
          replay: 'safe',
        },
      ] as const
      const finish = { kind: 'again', at: (await store.now()) + 60_000 } as const
      await store.settle([{ lease: first!.lease, failures, finish }])
      expect(await store.admin.retryFailures({ recordId: id }, 'ann')).toBe(1)
      await restoreMember()
      expect((await claimOne(store, worker)).members).toHaveLength(2)
      await harness.spoil(id)
      const spoiled = await store.admin.inspect(key)
      expect(spoiled).toMatchObject({ record: { id, fields: {} }, unreadable: [{ code }] })
      expect(spoiled?.members).toHaveLength(2)
    })

    test('makes a record due at the requested time, and at once when marked meanwhile', async () => {
      const { store } = harness
      await store.intake([{ marks: [mark('C1')] }])
      const first = await claimOne(store, worker)
      const now = await store.now()
      await store.settle([{ lease: first.lease, finish: { kind: 'again', at: now + 60_000 } }])
      expect(await claim(store, worker)).toHaveLength(0)
      expect(await store.nextDue()).toBe(now + 60_000)
      await store.intake([{ marks: [mark('C1')] }])
      const second = await claimOne(store, worker)
      expect(second.record.toRead).toEqual(['crm'])
      await store.intake([{ marks: [mark('C1')] }])
      await store.settle([{ lease: second.lease, finish: { kind: 'again', at: now + 60_000 } }])
      await claimOne(store, worker)
    })

    test('makes a record due when its time has come', async () => {
      const { store } = harness
      await store.intake([{ marks: [mark('C1')] }])
      const first = await claimOne(store, worker)
      await store.settle([{ lease: first.lease, finish: { kind: 'again', at: (await store.now()) + 150 } }])
      expect(await claim(store, worker)).toHaveLength(0)
      await harness.advance(200)
      await claimOne(store, worker)
    })

    test('narrows the systems to read when the pass requests it', async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      await store.markRecords([{ recordId: id, systems: ['crm', 'erp'] }])
      const first = await claimOne(store, worker)
      await store.settle([{ lease: first.lease, finish: { kind: 'again', at: 0, toRead: ['erp'] } }])
      const second = await claimOne(store, worker)
      expect(second.record.toRead).toEqual(['erp'])
      await store.settle([{ lease: second.lease, finish: { kind: 'again', at: 0, toRead: [] } }])
      expect((await claimOne(store, worker)).record.toRead).toEqual([])
    })

    test('keeps the claim between the rounds of a pass', async () => {
      const { store } = harness
      await store.intake([{ marks: [mark('C1')] }])
      const claimed = await claimOne(store, worker)
      expect(await store.settle([{ lease: claimed.lease, finish: { kind: 'keep' } }])).toEqual([
        { kind: 'ok' },
      ])
      expect(await claim(store, worker)).toHaveLength(0)
      expect(await store.settle([clean(claimed)])).toEqual([{ kind: 'ok' }])
    })

    test('counts claims since the last clean end, so that a record that kills its worker is detected', async () => {
      const { store } = harness
      await store.intake([{ marks: [mark('C1')] }])
      for (let attempt = 1; attempt <= 3; attempt += 1) {
        const victim = await store.registerWorker()
        expect((await claimOne(store, victim)).record.attempts).toBe(attempt)
        await harness.kill(victim)
        await reaped(harness)
      }
      const last = await claimOne(store, worker)
      await store.settle([clean(last)])
      await store.intake([{ marks: [mark('C1')] }])
      expect((await claimOne(store, worker)).record.attempts).toBe(1)
    })

    test('releases the records of a dead worker within two seconds, including the systems to read', async () => {
      const { store } = harness
      const victim = await store.registerWorker()
      const id = await activeRecord(harness, worker, 'C1')
      await store.markRecords([{ recordId: id, systems: ['erp'] }])
      const held = await claimOne(store, victim)
      expect(await store.reap()).toBe(0)
      await harness.kill(victim)
      expect(await reaped(harness)).toBeLessThan(2000)
      expect(victim.lost.aborted).toBe(true)
      const next = await claimOne(store, worker)
      expect(next.record.toRead).toEqual(['erp'])
      expect(next.lease.epoch).toBeGreaterThan(held.lease.epoch)
    })

    test('releases a record when its lease expires', async () => {
      const { store } = harness
      const stalled = await store.registerWorker()
      await store.intake([{ marks: [mark('C1')] }])
      await store.claim({ worker: stalled.id, limit: 1, leaseMs: 100 })
      expect(await store.reap()).toBe(0)
      await harness.advance(150)
      expect(await store.reap()).toBe(1)
      await claimOne(store, worker)
    })

    test('fences every commit of a worker after its record was released (INV-14)', async () => {
      const { store } = harness
      const stalled = await store.registerWorker()
      await store.intake([{ marks: [mark('C1'), mark('C2')] }])
      const [lost, kept] = await claim(store, stalled)
      await store.settle([{ lease: kept!.lease, finish: { kind: 'keep' } }])
      await harness.kill(stalled)
      await reaped(harness)
      const mine = await claim(store, worker)
      const { lease } = lost!
      const rename = { fields: { name: { value: 'stale', rev: 9, src: 'crm', at: 1 } }, rev: 9 }
      expect(await store.decide([{ lease, record: rename }])).toEqual([{ kind: 'fenced' }])
      expect(await store.settle([{ lease, record: rename, finish: { kind: 'clean', seq: 1 } }])).toEqual([
        { kind: 'fenced' },
      ])
      expect(await store.match([{ lease, entity: 'customer', system: 'crm', keys: [] }])).toEqual(['fenced'])
      const attached = await store.attach([
        { lease, system: 'crm', targetRecordId: mine[1]!.record.id, rule: 'x', journal: [] },
      ])
      expect(attached).toEqual([{ kind: 'fenced' }])
      expect(await store.aliasMember({ lease, system: 'crm', survivorNativeId: 'C2', journal: [] })).toBe(
        'fenced',
      )
      expect(await store.requestReview({ lease, candidates: [], journal: [] })).toBe('fenced')
      for (const claimed of mine) {
        expect(claimed.record.rev).toBe(0)
        expect(await store.settle([clean(claimed)])).toEqual([{ kind: 'ok' }])
      }
    })

    test('commits the rest of a batch that contains one fenced item', async () => {
      const { store } = harness
      await store.intake([{ marks: [mark('C1'), mark('C2'), mark('C3')] }])
      const claimed = await claim(store, worker)
      const batch = claimed.map((one, n) =>
        n === 1 ? { ...clean(one), lease: { ...one.lease, epoch: one.lease.epoch + 1 } } : clean(one),
      )
      expect(await store.settle(batch)).toEqual([{ kind: 'ok' }, { kind: 'fenced' }, { kind: 'ok' }])
    })

    test('notifies other processes of new work on request', async () => {
      const { store, other } = harness
      const woken = new Promise<void>((resolve) => {
        other.onWake(resolve)
      })
      const timer = setInterval(() => store.wake(), 20)
      await woken
      clearInterval(timer)
    })
  })
}

/** Reaps until something was released; returns how long that took. */
async function reaped({ store }: StoreHarness): Promise<number> {
  const from = performance.now()
  while (performance.now() - from < 5000) {
    if ((await store.reap()) > 0) return performance.now() - from
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error('nothing was handed on')
}
