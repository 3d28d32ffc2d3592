import { expect, test } from 'vitest'
import { compileIntegration } from '../../model/definition/compile-integration.ts'
import { definitionSchema } from '../../model/definition/schema/root.ts'
import { createNextCron } from '../../runtime/cron.ts'
import { watchPlaces } from './watch.ts'

const hour = 3_600_000

function watchOf(triggers: readonly object[], more: object = {}, feed?: boolean) {
  const part = { resource: 'r', map: { name: 'name' }, acceptRaceWindow: true }
  const definition = definitionSchema.parse({
    integration: 'i',
    systems: { crm: { connector: 'memory' }, erp: { connector: 'memory' } },
    entities: {
      customer: {
        fields: { name: 'string' },
        match: [{ exact: ['name'] }],
        systems: { crm: { ...part, triggers }, erp: { ...part, direction: 'target' } },
      },
    },
    ...more,
  })
  return watchPlaces({
    integration: compileIntegration(definition, { hash: (text) => text }),
    // A Monday.
    now: Date.UTC(2024, 0, 1, 12),
    nextCron: createNextCron(),
    hasFeed: () => feed,
  })
}

test('a poll sets how often a place is read, and its cron how often it is compared', () => {
  const [crm] = watchOf([{ poll: '1m' }, { full: '0 3 * * *' }], {}, true)
  expect(crm).toMatchObject({ readEveryMs: 60_000, compareEveryMs: 24 * hour, writtenOnly: false })
})

test('without a feed each poll compares everything', () => {
  const [crm] = watchOf([{ poll: '1m' }, { full: '0 3 * * *' }], {}, false)
  expect(crm).toMatchObject({ readEveryMs: 60_000, compareEveryMs: 60_000 })
})

test('an uneven expression counts with its longest gap', () => {
  const [crm] = watchOf([{ full: '0 3 * * 1-5' }])
  expect(crm).toMatchObject({ readEveryMs: 72 * hour, compareEveryMs: 72 * hour })
})

test('webhooks alone read nothing regularly; a write-only place is read by the periodic full runs', () => {
  const [crm, erp] = watchOf([{ webhook: 'changed' }], {
    objectives: { freshness: [{ system: 'crm', within: '2h' }] },
  })
  expect(crm).not.toHaveProperty('readEveryMs')
  expect(crm).toMatchObject({ freshnessMs: 2 * hour })
  expect(erp).toMatchObject({ writtenOnly: true, readEveryMs: 30 * hour })
})
