/** The audit trail: what people did and saw, chained like the journal. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { OpenHarness, StoreHarness } from './store-kit.ts'

export function describeAudit(open: OpenHarness): void {
  describe('the audit trail', () => {
    let harness: StoreHarness
    beforeEach(async () => {
      harness = await open()
    })
    afterEach(() => harness.close())

    const from = { address: '10.1.2.3', route: 'pause' }
    const nothing = { journal: 0, audit: 0 }

    test('has a line for each action, with where it came from, and for what was shown', async () => {
      const { admin } = harness.store
      await admin.actingFrom(from, () => admin.pause('ada', 'maintenance'))
      await admin.pause('ada')
      await admin.resume('bob')
      await admin.recordDisclosure({ route: 'getRecord', recordIds: ['r1'] }, 'token:ci')
      await admin.recordAudit({ action: 'access.denied', actor: 'token:ci', details: { why: 'no role' } })
      const rows = await admin.audit({ limit: 10 })
      expect(rows.map(({ action, actor, details }) => ({ action, actor, details }))).toEqual([
        { action: 'work.pause', actor: 'ada', details: { paused: true, reason: 'maintenance', ...from } },
        { action: 'work.resume', actor: 'bob', details: { paused: false } },
        { action: 'values.read', actor: 'token:ci', details: { route: 'getRecord', recordIds: ['r1'] } },
        { action: 'access.denied', actor: 'token:ci', details: { why: 'no role' } },
      ])
      expect(await admin.audit({ afterSeq: rows[1]!.seq, limit: 1 })).toEqual([rows[2]])
      expect(await admin.verifyChain('audit', [])).toEqual({ chain: 'audit', lines: 4 })
      expect(await admin.verifyChain('journal', [])).toEqual({ chain: 'journal', lines: 3 })
    })

    test('is compared with the ends of streams that were stored elsewhere', async () => {
      const { admin } = harness.store
      await admin.pause('ada')
      const first = await admin.headsSince(nothing)
      expect(first.heads.map(({ chain, position }) => [chain, position])).toEqual([
        ['journal', 1],
        ['audit', 1],
      ])
      expect((await admin.headsSince(first.upTo)).heads).toEqual([])
      await admin.resume('ada')
      expect((await admin.headsSince(first.upTo)).heads.length).toBeGreaterThan(0)
      for (const chain of ['journal', 'audit'] as const) {
        expect(await admin.verifyChain(chain, first.heads)).toMatchObject({ lines: 2 })
        expect((await admin.verifyChain(chain, first.heads)).brokenAt).toBeUndefined()
        const other = first.heads.map((head) => ({ ...head, hash: '00'.repeat(32) }))
        expect((await admin.verifyChain(chain, other)).brokenAt?.problem).toContain('an anchor names')
        const lost = first.heads.map((head) => ({ ...head, position: 99 }))
        expect((await admin.verifyChain(chain, lost)).brokenAt?.problem).toContain('is missing')
        const dropped = first.heads.map((head) => ({ ...head, stream: 'dropped' }))
        expect((await admin.verifyChain(chain, dropped)).brokenAt).toMatchObject({ stream: 'dropped' })
      }
    })

    test('knows when its ends were stored elsewhere last', async () => {
      const { admin } = harness.store
      expect(await admin.auditProtection()).toEqual({ appendOnly: false })
      await admin.noteAnchor()
      expect((await admin.auditProtection()).anchoredAt).toBeGreaterThan(0)
    })
  })
}
