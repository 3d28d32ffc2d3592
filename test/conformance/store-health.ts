/** Notes about places and systems, and the pause of the work. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { WorkerSession } from '../../src/store/contract.ts'
import { elapse } from '../support/elapse.ts'
import {
  activeRecord,
  claim,
  claimOne,
  clean,
  mark,
  type OpenHarness,
  promotion,
  type StoreHarness,
} from './store-kit.ts'

export function describeHealth(open: OpenHarness): void {
  describe('health', () => {
    let harness: StoreHarness
    let worker: WorkerSession
    beforeEach(async () => {
      harness = await open()
      worker = await harness.store.registerWorker()
    })
    afterEach(() => harness.close())

    const place = { system: 'crm', entity: 'customer' }
    const failure = { way: 'feed', code: 'HTTP_NETWORK', message: 'it does not answer' } as const
    const noted = async () => (await harness.store.admin.status()).health.places[0]

    test('keeps the known state of a place, note by note', async () => {
      const { store } = harness
      await store.notePlace({ ...place, declared: { paging: 'keyset', feed: true } })
      expect(await noted()).toEqual({ ...place, paging: 'keyset', feed: true, failures: 0 })
      await store.notePlace({ ...place, read: { ms: 12, compared: true } })
      const now = await store.now()
      await store.notePlace({ ...place, nextAt: now + 1000 })
      const known = await noted()
      expect(known).toMatchObject({
        paging: 'keyset',
        feed: true,
        readMs: 12,
        failures: 0,
        nextAt: now + 1000,
      })
      expect(known?.readAt).toBeGreaterThan(now - 60_000)
      expect(known?.comparedAt).toBe(known?.readAt)
    })

    test('counts failures in a row, with the time of the first and the message of the last', async () => {
      const { store } = harness
      await store.notePlace({ ...place, failure })
      const first = await noted()
      await harness.advance(5)
      await store.notePlace({ ...place, failure: { ...failure, message: 'still not' } })
      const second = await noted()
      expect(second).toMatchObject({
        failures: 2,
        failing: { ...failure, message: 'still not', since: first?.failing?.since },
      })
      expect(second?.failing?.at).toBeGreaterThan(first?.failing?.at ?? 0)
    })

    test('resolves failures when a read completes; a read that compared nothing keeps the last comparison', async () => {
      const { store } = harness
      await store.notePlace({ ...place, read: { ms: 1, compared: true } })
      const before = await noted()
      await store.notePlace({ ...place, failure })
      expect(await noted()).toMatchObject({ failures: 1, comparedAt: before?.comparedAt })
      await harness.advance(5)
      await store.notePlace({ ...place, read: { ms: 1, compared: false } })
      const after = await noted()
      expect(after).toMatchObject({ failures: 0, comparedAt: before?.comparedAt })
      expect(after).not.toHaveProperty('failing')
      expect(after?.readAt).toBeGreaterThan(before?.readAt ?? 0)
      await store.notePlace({ ...place, failure })
      expect((await noted())?.failing?.since).toBeGreaterThanOrEqual(after?.readAt ?? 0)
    })

    test('returns the last announcement of a system, and since when and until when it accepts no calls', async () => {
      const { store } = harness
      const systems = async () => (await store.admin.status()).health.systems
      await store.noteSystem({ system: 'crm', heard: true })
      await store.noteSystem({ system: 'crm', paused: { until: 5000, code: 'HTTP_NETWORK' } })
      const [first] = await systems()
      expect(first).toMatchObject({ system: 'crm', paused: { until: 5000, code: 'HTTP_NETWORK' } })
      expect(first?.heardAt).toBeGreaterThan(0)
      await harness.advance(5)
      await store.noteSystem({ system: 'crm', paused: { until: 9000, code: 'HTTP_RATE_LIMITED' } })
      expect(await systems()).toEqual([
        {
          ...first,
          paused: { since: first?.paused?.since, until: 9000, code: 'HTTP_RATE_LIMITED' },
        },
      ])
      await store.noteSystem({ system: 'crm' })
      expect(await systems()).toEqual([{ system: 'crm', heardAt: first?.heardAt }])
    })

    test('counts again once nothing is in progress, however recent the last count is', async () => {
      const { store } = harness
      await store.intake([{ marks: [mark('A')] }])
      expect((await store.admin.status()).records).toEqual({ candidate: 1 })
      const claimed = await claimOne(store, worker)
      await store.decide([promotion(claimed)])
      await store.settle([clean(claimed)])
      const { queue, records } = await store.admin.status()
      expect(queue).toMatchObject({ due: 0, running: 0, waiting: 0 })
      expect(records).toEqual({ active: 1 })
    })

    test('returns how long records have had pending work, and what blocks them', async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      expect((await harness.other.admin.status()).queue).not.toHaveProperty('oldestSince')
      const before = await store.now()
      await store.markRecords([{ recordId: id, systems: ['crm'] }])
      const claimed = await claimOne(store, worker)
      const at = (await store.now()) + 60_000
      await store.settle([
        {
          lease: claimed.lease,
          members: [
            {
              system: 'crm',
              lane: { state: 'backoff', reason: 'HTTP_NETWORK', until: 9e12 },
              laneAttempts: 1,
            },
          ],
          finish: { kind: 'again', at },
        },
      ])
      await harness.advance(5)
      await store.markRecords([{ recordId: id, systems: ['crm'] }])
      const status = await freshStatus(harness)
      const since = status.queue.oldestSince ?? 0
      expect(since).toBeGreaterThanOrEqual(before)
      expect(status.systems.find(({ system }) => system === 'crm')?.backlog).toEqual({ count: 1, since })
      expect(status.health.delays).toEqual([
        { ...place, lane: 'backoff', reason: 'HTTP_NETWORK', count: 1, since },
      ])
      const again = await claimOne(store, worker)
      await store.settle([
        clean(again, { members: [{ system: 'crm', lane: { state: 'open' }, laneAttempts: 0 }] }),
      ])
      const settled = await freshStatus(harness)
      expect(settled.queue).not.toHaveProperty('oldestSince')
      expect(settled.health.delays).toEqual([])
      expect(settled.systems.find(({ system }) => system === 'crm')).not.toHaveProperty('backlog')
    })

    test('a mark that arrives while a record is processed starts a time of its own', async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      await store.markRecords([{ recordId: id, systems: [] }])
      const claimed = await claimOne(store, worker)
      await store.markRecords([{ recordId: id, systems: [] }])
      await harness.advance(5)
      const before = await store.now()
      await store.settle([clean(claimed)])
      expect((await freshStatus(harness)).queue.oldestSince).toBeGreaterThanOrEqual(before)
    })

    test('a record that was never identified, or waits for the confirmation of a deletion, is not delayed', async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      await store.intake([{ marks: [mark('C2')] }])
      await store.markRecords([{ recordId: id, systems: [] }])
      const claimed = (await claim(store, worker)).find(({ record }) => record.id === id)!
      const at = (await store.now()) + 60_000
      await store.settle([
        {
          lease: claimed.lease,
          members: [{ system: 'crm', state: 'suspect', goneSince: 1 }],
          finish: { kind: 'again', at },
        },
      ])
      const status = await freshStatus(harness)
      expect(status.queue).not.toHaveProperty('oldestSince')
      expect(status.systems.find(({ system }) => system === 'crm')?.backlog?.count).toBe(2)
    })

    test('includes a place that was listed and is empty', async () => {
      const { store } = harness
      const id = harness.uuid()
      await store.startRun({ id, kind: 'full', ...place })
      await store.finishRun({ id, complete: true, seen: 0 })
      const [listed] = (await store.admin.status()).systems
      expect(listed).toMatchObject({ ...place, linked: 0, lastRun: { complete: true } })
      expect(listed?.lastCompleteAt).toBe(listed?.lastRun?.finishedAt)
    })

    test('keeps the result of the last run while another one is in progress', async () => {
      const { store } = harness
      const ended = harness.uuid()
      await store.startRun({ id: ended, kind: 'full', ...place })
      await store.finishRun({ id: ended, complete: false, reason: { code: 'offset-paging' }, seen: 0 })
      await harness.advance(5)
      const going = harness.uuid()
      await store.startRun({ id: going, kind: 'full', ...place })
      const [listed] = (await store.admin.status()).systems
      expect(listed).toMatchObject({
        lastRun: { id: going },
        lastEnded: { id: ended, complete: false, reason: { code: 'offset-paging' } },
      })
    })

    test('accepts writes', async () => {
      await expect(harness.store.admin.checkWritable()).resolves.toBeUndefined()
    })

    test('pausing the work: nothing is claimed and the schedule has no owner, until it is resumed', async () => {
      const { store } = harness
      expect(await store.admin.pause('ann', 'migration')).toBe(true)
      expect(await store.admin.pause('bob')).toBe(false)
      await store.intake([{ marks: [mark('C1')] }])
      expect(await claim(store, worker)).toEqual([])
      expect(await store.ownSchedule('owner', 1000)).toBe(false)
      const { paused } = await store.admin.status()
      expect(paused).toMatchObject({ actor: 'ann', reason: 'migration' })
      expect(await store.admin.resume('bob')).toBe(true)
      expect(await store.admin.resume('bob')).toBe(false)
      expect(await claim(store, worker)).toHaveLength(1)
      expect(await store.ownSchedule('owner', 1000)).toBe(true)
      expect(await store.admin.status()).not.toHaveProperty('paused')
      const journal = await store.admin.journal({ limit: 10 })
      expect(journal.filter(({ kind }) => kind === 'person').map(({ actor, body }) => [actor, body])).toEqual(
        [
          ['ann', { paused: true, reason: 'migration' }],
          ['bob', { paused: false }],
        ],
      )
    })
  })
}

/** PostgreSQL's totals are kept for two seconds. */
async function freshStatus({ store, other }: StoreHarness) {
  if (other !== store) await elapse(2_100, 'the store keeps its totals for two seconds')
  return other.admin.status()
}
