/** Schemas of resources: the accepted one stays the reference until a person accepts another. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { OpenHarness, StoreHarness } from './store-kit.ts'

export function describeSchemas(open: OpenHarness): void {
  describe('schemas of resources', () => {
    let harness: StoreHarness
    beforeEach(async () => {
      harness = await open()
    })
    afterEach(() => harness.close())

    const forms = async () =>
      (await harness.store.admin.schemas()).map(({ system, resource, accepted, seen }) => [
        system,
        resource,
        accepted,
        seen,
      ])

    test('the first form is accepted, later ones are stored as observed, and the previous row is returned', async () => {
      const { admin } = harness.store
      const account = { system: 'crm', resource: 'Account' }
      expect(await admin.saveSchema({ ...account, schema: '{"a":1}' })).toBeUndefined()
      const before = await admin.saveSchema({ ...account, schema: '{"b":"\\u0000"}' })
      expect(before).toMatchObject({ ...account, accepted: '{"a":1}', seen: '{"a":1}' })
      expect(before?.seenAt).toBeGreaterThan(0)
      expect(await forms()).toEqual([['crm', 'Account', '{"a":1}', '{"b":"\\u0000"}']])
    })

    test('a person accepts one resource or all of a system, which is journaled; others are unchanged', async () => {
      const { admin } = harness.store
      for (const [system, resource] of [
        ['crm', 'Account'],
        ['crm', 'Contact'],
        ['erp', 'Partner'],
      ] as const) {
        await admin.saveSchema({ system, resource, schema: '1' })
        await admin.saveSchema({ system, resource, schema: '2' })
      }
      expect(await admin.acceptSchemas({ system: 'crm', resource: 'Contact' }, 'Ada')).toBe(1)
      expect(await admin.acceptSchemas({ system: 'crm' }, 'Ada')).toBe(1)
      expect(await admin.acceptSchemas({ system: 'crm' }, 'Ada')).toBe(0)
      expect(await forms()).toEqual([
        ['crm', 'Account', '2', '2'],
        ['crm', 'Contact', '2', '2'],
        ['erp', 'Partner', '1', '2'],
      ])
      const lines = await admin.journal({ limit: 10 })
      expect(lines.map(({ actor, body }) => [actor, body])).toEqual([
        ['Ada', { acceptedSchema: 'crm', resources: ['Contact'] }],
        ['Ada', { acceptedSchema: 'crm', resources: ['Account'] }],
      ])
    })
  })
}
