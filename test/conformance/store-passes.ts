/** The two commits of a pass: decisions with their intents, outcomes with the finish. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Lane } from '../../src/model/lane.ts'
import type { WorkerSession } from '../../src/store/contract.ts'
import {
  activeRecord,
  claim,
  claimOne,
  clean,
  entry,
  intent,
  mark,
  memberOf,
  type OpenHarness,
  promotion,
  type StoreHarness,
} from './store-kit.ts'

export function describePasses(open: OpenHarness): void {
  describe('a pass', () => {
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

    test('promotes a candidate and makes a lane for every system', async () => {
      const id = await activeRecord(harness, worker, 'C1')
      const claimed = await claimAgain(id)
      expect(claimed.record).toMatchObject({ id, state: 'active', rev: 1 })
      expect(claimed.record.fields.name?.value).toBe('Ann')
      expect(claimed.members.map(({ system, state, nativeId }) => [system, state, nativeId])).toEqual([
        ['crm', 'linked', 'C1'],
        ['erp', 'absent', undefined],
      ])
    })

    test('keeps fields that an update omits and clears those that it sets to null', async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      const first = await claimAgain(id)
      const all = {
        system: 'crm',
        floor: 'f1',
        absorbedVersion: 'v1',
        settleAt: 5,
        lane: { state: 'backoff', reason: 'moving', until: 6 },
        laneAttempts: 2,
        goneSince: 7,
        goneConfirmedAt: 10,
        reappearedAt: 11,
        createWantedAt: 8,
        asof: 9,
      } as const
      await store.settle([clean(first, { members: [all] })])
      const second = await claimAgain(id)
      expect(memberOf(second, 'crm')).toMatchObject({ ...all, nativeId: 'C1', state: 'linked' })
      expect(memberOf(second, 'crm').fields).toEqual({ name: { shadow: 'Ann', acked: 1 } })
      const cleared = { floor: null, absorbedVersion: null, settleAt: null }
      const rest = {
        goneSince: null,
        goneConfirmedAt: null,
        reappearedAt: null,
        createWantedAt: null,
        nativeId: null,
      }
      await store.settle([clean(second, { members: [{ system: 'crm', ...cleared, ...rest }] })])
      const third = await claimAgain(id)
      expect(memberOf(third, 'crm')).toEqual({
        recordId: id,
        system: 'crm',
        entity: 'customer',
        state: 'linked',
        fields: { name: { shadow: 'Ann', acked: 1 } },
        lane: { state: 'backoff', reason: 'moving', until: 6 },
        laneAttempts: 2,
        asof: 9,
      })
    })

    test('keeps lanes of every state as they are', async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      const lanes: readonly Lane[] = [
        { state: 'backoff', reason: 'HTTP_NETWORK', until: 6 },
        { state: 'in-doubt', reason: 'released', until: 7 },
        { state: 'waiting', reason: 'reappeared', until: 8 },
        { state: 'waiting', reason: 'first-load' },
        { state: 'rejected', reason: 'rule' },
        { state: 'rejected' },
        { state: 'held', reason: 'guard' },
        { state: 'quarantined', reason: 'CREATE_TAKEN' },
        { state: 'open', reason: 'archived' },
        { state: 'open' },
      ]
      for (const lane of lanes) {
        await store.settle([clean(await claimAgain(id), { members: [{ system: 'crm', lane }] })])
        // Whatever else is written leaves it alone.
        const asof = { system: 'crm', asof: 9 }
        await store.settle([clean(await claimAgain(id), { members: [asof] })])
        const detail = await store.admin.record({ recordId: id })
        expect(detail?.members.find(({ system }) => system === 'crm')?.lane).toEqual(lane)
      }
    })

    test('keeps numbers of any size in requests, and gives them back byte for byte', async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      const first = await claimAgain(id)
      const { LosslessNumber } = await import('lossless-json')
      const body = { big: new LosslessNumber('9007199254740993'), cents: new LosslessNumber('0.10'), n: 5 }
      const open = intent(harness, id, { request: { resource: 'r', body, values: {}, ifVersion: '"7"' } })
      await store.decide([{ lease: first.lease, intents: [open] }])
      const detail = await store.admin.record({ recordId: id })
      const { stringify } = await import('lossless-json')
      expect(stringify(detail?.intents[0]?.request)).toBe(
        '{"resource":"r","body":{"big":9007199254740993,"cents":0.10,"n":5},"values":{},"ifVersion":"\\"7\\""}',
      )
    })

    test('passes open intents to the next pass and removes resolved ones', async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      const first = await claimAgain(id)
      const open = intent(harness, id)
      expect(await store.decide([{ lease: first.lease, intents: [open] }])).toEqual([{ kind: 'ok' }])
      await store.settle([{ lease: first.lease, finish: { kind: 'again', at: 0 } }])
      const second = await claimOne(store, worker)
      expect(second.openIntents).toEqual([open])
      await store.settle([
        {
          lease: second.lease,
          resolved: [{ id: open.id, state: 'open', notAfter: 9000, outcome: 'resent' }],
          finish: { kind: 'again', at: 0 },
        },
      ])
      const third = await claimOne(store, worker)
      expect(third.openIntents[0]).toMatchObject({ notAfter: 9000, outcome: 'resent' })
      await store.settle([clean(third, { resolved: [{ id: open.id, state: 'done', outcome: 'ok' }] })])
      expect((await claimAgain(id)).openIntents).toEqual([])
      expect((await store.admin.record({ recordId: id }))?.intents[0]).toMatchObject({
        state: 'done',
        outcome: 'ok',
      })
    })

    test('keeps a second open intent out of a lane without affecting the batch (INV-14)', async () => {
      const { store } = harness
      await store.intake([{ marks: [mark('C1'), mark('C2')] }])
      const [first, second] = await claim(store, worker)
      const one = intent(harness, first!.record.id)
      const results = await store.decide([
        { lease: first!.lease, intents: [one] },
        { lease: second!.lease, intents: [intent(harness, second!.record.id)] },
      ])
      expect(results).toEqual([{ kind: 'ok' }, { kind: 'ok' }])
      await store.settle([{ lease: second!.lease, finish: { kind: 'again', at: 0 } }])
      const [again] = await claim(store, worker)
      const more = await store.decide([
        { lease: first!.lease, record: { rev: 7 }, intents: [intent(harness, first!.record.id)] },
        {
          lease: again!.lease,
          resolved: [{ id: again!.openIntents[0]!.id, state: 'done' }],
          intents: [intent(harness, again!.record.id)],
        },
      ])
      expect(more).toEqual([{ kind: 'fenced' }, { kind: 'ok' }])
      expect((await store.admin.record({ recordId: first!.record.id }))?.record.rev).toBe(0)
    })

    test('writes nothing of a create while an older unread candidate could be the counterpart (H19)', async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      await store.intake([{ marks: [mark('E1', 'erp')] }])
      const candidate = await claimOne(store, worker)
      await harness.advance(5)
      const readUpTo = await store.now()
      const claimed = await claimAgain(id)
      const create = intent(harness, id, { operation: 'create' })
      const decision = {
        lease: claimed.lease,
        record: { rev: 9 },
        intents: [create],
        createChecks: [{ system: 'erp', readUpTo }],
        journal: [entry(id)],
      }
      expect(await store.decide([decision])).toEqual([{ kind: 'create-waits', system: 'erp' }])
      const untouched = await store.admin.record({ recordId: id })
      expect(untouched).toMatchObject({ record: { rev: 1 }, intents: [] })
      expect(await store.admin.journal({ recordId: id, limit: 10 })).toEqual([])
      const early = {
        ...decision,
        createChecks: [{ system: 'erp', readUpTo: candidate.record.discoveredAt }],
      }
      expect(await store.decide([{ ...early, intents: [] }])).toEqual([{ kind: 'ok' }])
      const quarantined = {
        members: [{ system: 'erp', lane: { state: 'quarantined', reason: 'CREATE_TAKEN' } as const }],
      }
      await store.settle([{ lease: candidate.lease, finish: { kind: 'keep' }, ...quarantined }])
      expect(await store.decide([decision])).toEqual([{ kind: 'ok' }])
    })

    test('does not wait with creates for a candidate that rests: under review, or ignored', async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      await store.intake([{ marks: [mark('E1', 'erp'), mark('E2', 'erp')] }])
      const [review, ignored] = await claim(store, worker)
      await harness.advance(5)
      const readUpTo = await store.now()
      const claimed = await claimAgain(id)
      const decision = {
        lease: claimed.lease,
        intents: [intent(harness, id, { operation: 'create' })],
        createChecks: [{ system: 'erp', readUpTo }],
      }
      expect(await store.decide([decision])).toEqual([{ kind: 'create-waits', system: 'erp' }])
      await store.requestReview({ lease: review!.lease, candidates: [], journal: [] })
      await store.settle([clean(review!), clean(ignored!, { record: { state: 'ignored' } })])
      expect(await store.decide([decision])).toEqual([{ kind: 'ok' }])
    })

    test('sends a create back to matching when a record of that system shares an exact key (H20)', async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      await store.intake([{ marks: [mark('E1', 'erp')] }])
      const candidate = await claimOne(store, worker)
      const key = (text: string, kind: 'exact' | 'block' = 'exact') => ({ rule: 0, kind, text })
      await store.match([
        {
          lease: candidate.lease,
          entity: 'customer',
          system: 'erp',
          keys: [key('ann@x'), key('a', 'block')],
        },
      ])
      await store.settle([
        { lease: candidate.lease, finish: { kind: 'keep' }, members: [{ system: 'erp', state: 'linked' }] },
      ])
      const claimed = await claimAgain(id)
      const decision = {
        lease: claimed.lease,
        intents: [intent(harness, id, { operation: 'create' as const })],
        createChecks: [{ system: 'erp', readUpTo: 0 }],
      }
      const refused = await store.decide([{ ...decision, matchKeys: [key('ann@x')] }])
      expect(refused).toEqual([{ kind: 'rematch', system: 'erp', recordId: candidate.record.id }])
      expect(await store.decide([{ ...decision, matchKeys: [key('bob@x'), key('a', 'block')] }])).toEqual([
        { kind: 'ok' },
      ])
    })

    test("uses a record's stored keys when the decision gives none", async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      const first = await claimAgain(id)
      const keys = [{ rule: 0, kind: 'exact' as const, text: 'ann@x' }]
      await store.decide([{ lease: first.lease, matchKeys: keys }])
      await store.intake([{ marks: [mark('E1', 'erp')] }])
      const candidate = await claimOne(store, worker)
      await store.match([{ lease: candidate.lease, entity: 'customer', system: 'erp', keys }])
      const intents = [intent(harness, id, { operation: 'create' })]
      const createChecks = [{ system: 'erp', readUpTo: 0 }]
      expect(await store.decide([{ lease: first.lease, intents, createChecks }])).toMatchObject([
        { kind: 'rematch' },
      ])
    })

    test('absorbs the candidate of the same native record', async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      const claimed = await claimAgain(id)
      await store.intake([{ marks: [mark('E1', 'erp')] }])
      const candidate = await claimOne(store, worker)
      const members = [{ system: 'erp', nativeId: 'E1', state: 'linked' as const }]
      expect(await store.settle([clean(claimed, { members })])).toEqual([{ kind: 'ok' }])
      expect(await store.settle([clean(candidate)])).toEqual([{ kind: 'fenced' }])
      const next = await claimOne(store, worker)
      expect(next.record).toMatchObject({ id, toRead: ['erp'] })
      expect(memberOf(next, 'erp').nativeId).toBe('E1')
      expect(await store.admin.record({ recordId: candidate.record.id })).toBeUndefined()
    })

    test('leaves a native id with the record that holds it (INV-7)', async () => {
      const { store } = harness
      const holder = await activeRecord(harness, worker, 'E1', 'erp')
      const id = await activeRecord(harness, worker, 'C1')
      const other = await activeRecord(harness, worker, 'C2')
      await store.markRecords([id, other].map((recordId) => ({ recordId, systems: [] })))
      const claimed = await claim(store, worker)
      const first = claimed.find(({ record }) => record.id === id)!
      const second = claimed.find(({ record }) => record.id === other)!
      const members = [{ system: 'erp', nativeId: 'E1' }]
      expect(await store.decide([{ lease: first.lease, record: { rev: 5 }, members }])).toEqual([
        { kind: 'rematch', system: 'erp', recordId: holder },
      ])
      const results = await store.settle([clean(first, { members, journal: [entry(id)] }), clean(second)])
      expect(results).toEqual([{ kind: 'taken', system: 'erp', recordId: holder }, { kind: 'ok' }])
      expect(await store.admin.journal({ recordId: id, limit: 5 })).toEqual([])
      const same = [{ system: 'erp', nativeId: 'E2' }]
      const third = (await claimAgainBoth([id, other])).map((one) => clean(one, { members: same }))
      expect((await store.settle(third)).map(({ kind }) => kind).sort()).toEqual(['ok', 'taken'])

      async function claimAgainBoth(ids: readonly string[]) {
        await store.settle([clean(first)])
        await store.markRecords(ids.map((recordId) => ({ recordId, systems: [] })))
        return claim(store, worker)
      }
    })

    test('lets two workers race for one native id and gives it to one of them (INV-7)', async () => {
      const { store, other } = harness
      const ids = [await activeRecord(harness, worker, 'C1'), await activeRecord(harness, worker, 'C2')]
      await store.markRecords(ids.map((recordId) => ({ recordId, systems: [] })))
      const [first, second] = await claim(store, worker)
      const members = [{ system: 'erp', nativeId: 'E1', state: 'linked' as const }]
      const results = await Promise.all([
        store.settle([clean(first!, { members })]),
        other.settle([clean(second!, { members })]),
        store.intake([{ marks: [mark('E1', 'erp')] }]),
      ])
      expect([results[0][0]?.kind, results[1][0]?.kind].sort()).toEqual(['ok', 'taken'])
    })

    test('never restores a tombstoned record after a late event (INV-9)', async () => {
      const { store } = harness
      const id = await activeRecord(harness, worker, 'C1')
      const claimed = await claimAgain(id)
      await store.settle([
        clean(claimed, {
          record: { state: 'tombstoned', tombstoneRev: 1 },
          members: [{ system: 'crm', state: 'gone' }],
        }),
      ])
      expect(await store.intake([{ marks: [mark('C1')] }])).toEqual([
        { duplicate: false, marked: 1, discovered: 0 },
      ])
      const late = await claimOne(store, worker)
      expect(late.record).toMatchObject({ id, state: 'tombstoned', tombstoneRev: 1 })
    })

    test('wakes a record when its target gets its counterpart', async () => {
      const { store } = harness
      const target = await activeRecord(harness, worker, 'C1')
      const waiting = await activeRecord(harness, worker, 'C2')
      const first = await claimAgain(waiting)
      const dependencies = [{ recordId: waiting, system: 'erp', field: 'owner', targetRecordId: target }]
      const lane = { system: 'erp', lane: { state: 'waiting', reason: 'reference', until: 9e12 } } as const
      await store.settle([clean(first, { dependencies, members: [lane] })])
      expect(await claim(store, worker)).toEqual([])
      const linked = await claimAgain(target)
      await store.settle([clean(linked, { members: [{ system: 'erp', nativeId: 'E1', state: 'linked' }] })])
      const woken = await claimOne(store, worker)
      expect(woken.record).toMatchObject({ id: waiting, toRead: ['erp'] })
      expect(memberOf(woken, 'erp')).toMatchObject({ laneAttempts: 0 })
      expect(memberOf(woken, 'erp').lane).toEqual({ state: 'open' })
    })

    test('wakes a record that began to wait after the counterpart had appeared', async () => {
      const { store } = harness
      const target = await activeRecord(harness, worker, 'E1', 'erp')
      const waiting = await activeRecord(harness, worker, 'C2')
      const first = await claimAgain(waiting)
      const dependencies = [{ recordId: waiting, system: 'erp', field: 'owner', targetRecordId: target }]
      await store.settle([clean(first, { dependencies })])
      expect((await claimOne(store, worker)).record.id).toBe(waiting)
    })

    test('wakes a record when the native id it refers to becomes an active record', async () => {
      const { store } = harness
      const waiting = await activeRecord(harness, worker, 'C2')
      const first = await claimAgain(waiting)
      const target = { system: 'crm', entity: 'customer', nativeId: 'C9' }
      const dependencies = [{ recordId: waiting, system: 'erp', field: 'owner', target }]
      await store.settle([clean(first, { dependencies, marks: [mark('C9')] })])
      const candidate = await claimOne(store, worker)
      expect(memberOf(candidate, 'crm').nativeId).toBe('C9')
      await store.decide([promotion(candidate)])
      await store.settle([clean(candidate)])
      expect((await claimOne(store, worker)).record).toMatchObject({ id: waiting, toRead: ['crm', 'erp'] })
    })

    test('waits for several targets of one field at once, and is woken by any of them', async () => {
      const { store } = harness
      const target = await activeRecord(harness, worker, 'C1')
      const waiting = await activeRecord(harness, worker, 'C2')
      const native = { system: 'erp', entity: 'customer', nativeId: 'E9' }
      const wait = { recordId: waiting, system: 'erp', field: 'owner' }
      const first = await claimAgain(waiting)
      await store.settle([clean(first, { dependencies: [{ ...wait, target: native }] })])
      const second = await claimAgain(waiting)
      await store.settle([clean(second, { dependencies: [{ ...wait, targetRecordId: target }] })])
      expect(await claim(store, worker)).toEqual([])

      await store.intake([{ marks: [{ ...native }] }])
      const candidate = await claimOne(store, worker)
      await store.decide([promotion(candidate)])
      await store.settle([clean(candidate)])
      const woken = await claimOne(store, worker)
      expect(woken.record.id).toBe(waiting)
      await store.settle([clean(woken)])

      const linked = await claimAgain(target)
      await store.settle([clean(linked, { members: [{ system: 'erp', nativeId: 'E1', state: 'linked' }] })])
      expect((await claimOne(store, worker)).record.id).toBe(waiting)
    })

    test('forgets the targets that a field no longer waits for', async () => {
      const { store } = harness
      const [one, two] = [
        await activeRecord(harness, worker, 'C1'),
        await activeRecord(harness, worker, 'C2'),
      ]
      const waiting = await activeRecord(harness, worker, 'C3')
      const wait = { recordId: waiting, system: 'erp', field: 'owner' }
      for (const targetRecordId of [one, two]) {
        const claimed = await claimAgain(waiting)
        await store.settle([clean(claimed, { dependencies: [{ ...wait, targetRecordId }] })])
      }
      const first = await claimAgain(one)
      await store.settle([clean(first, { members: [{ system: 'erp', nativeId: 'E1', state: 'linked' }] })])
      expect(await claim(store, worker)).toEqual([])
      const second = await claimAgain(two)
      await store.settle([clean(second, { members: [{ system: 'erp', nativeId: 'E2', state: 'linked' }] })])
      expect((await claimOne(store, worker)).record.id).toBe(waiting)
    })

    test('wakes a record when the native id it refers to is found to be out of scope', async () => {
      const { store } = harness
      const waiting = await activeRecord(harness, worker, 'C2')
      const first = await claimAgain(waiting)
      const target = { system: 'crm', entity: 'customer', nativeId: 'C9' }
      const dependencies = [{ recordId: waiting, system: 'erp', field: 'owner', target }]
      await store.settle([clean(first, { dependencies, marks: [mark('C9')] })])
      const candidate = await claimOne(store, worker)
      await store.settle([clean(candidate, { record: { state: 'ignored' } })])
      expect((await claimOne(store, worker)).record.id).toBe(waiting)
    })

    test('misses no target that gets its counterpart concurrently', async () => {
      const { store, other } = harness
      for (let round = 0; round < 8; round += 1) {
        const target = await activeRecord(harness, worker, `T${round}`)
        const waiting = await activeRecord(harness, worker, `W${round}`)
        await store.markRecords([target, waiting].map((recordId) => ({ recordId, systems: [] })))
        const claimed = await claim(store, worker)
        const one = claimed.find(({ record }) => record.id === waiting)!
        const two = claimed.find(({ record }) => record.id === target)!
        const dependencies = [{ recordId: waiting, system: 'erp', field: 'owner', targetRecordId: target }]
        await Promise.all([
          store.settle([clean(one, { dependencies })]),
          other.settle([
            clean(two, { members: [{ system: 'erp', nativeId: `E${round}`, state: 'linked' }] }),
          ]),
        ])
        const woken = await claimOne(store, worker)
        expect(woken.record.id).toBe(waiting)
        await store.settle([clean(woken)])
      }
    })

    test('loses only the item whose values the database refuses', async () => {
      const { store } = harness
      await store.intake([{ marks: [mark('C1'), mark('C2')] }])
      const [first, second] = await claim(store, worker)
      const results = await store.settle([
        clean(first!, { members: [{ system: 'crm', laneAttempts: 2 ** 40 }] }),
        clean(second!),
      ])
      expect(results[1]).toEqual({ kind: 'ok' })
    })
  })
}
