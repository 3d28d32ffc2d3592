/** Limits as shown to users: in the report of a check, and in the status of a queue. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { MemorySystem } from '../../../test/support/memory-systems/memory-system.ts'
import { checkIntegration } from '../check/check-integration.ts'
import { loadDefinition } from '../load-definition.ts'
import { forecastQueue } from './queue-forecast.ts'

const day = 86_400_000

class MeteredSystem extends MemorySystem {
  async usage() {
    const quota = { name: 'DailyApiRequests', limit: 15_000, remaining: 9_000, windowMs: day, reportedAt: 0 }
    // No call uses up storage, so it does not affect how long calls take.
    const storage = { name: 'DataStorageMB', limit: 5, remaining: 4, reportedAt: 0 }
    return { kind: 'known', quotas: [quota, storage] } as const
  }
}

const definition = `
integration: metered
systems:
  crm: { connector: memory-test, limits: { reserve: 40 % } }
  erp: { connector: memory-test, limits: { perMinute: 60 } }
  shop: { connector: memory-test }
entities:
  thing:
    fields: { name: string }
    match: [{ exact: [name] }]
    conflict: { default: prefer crm }
    systems:
      crm: { resource: things, map: { name: name }, triggers: [{ poll: 1m }] }
      erp: { resource: things, map: { name: name }, triggers: [{ poll: 1m }] }
      shop: { resource: things, map: { name: name }, triggers: [{ poll: 1m }] }
`

async function inFolder<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'isthmus-quota-'))
  writeFileSync(join(directory, 'isthmus.yaml'), definition)
  try {
    return await use(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

test('a check tells what is left, what is kept for others, and how long a first load takes', async () => {
  const connectors = [
    {
      name: 'memory-test',
      connect: ({ name }: { name: string }) =>
        name === 'crm' ? new MeteredSystem(name) : new MemorySystem(name),
    },
  ]
  const { rows } = await inFolder((directory) =>
    checkIntegration({ directory, environment: {}, connectors, forecastRecords: 9_000 }),
  )
  // 3,000 pages of three, 9,000 reads, 9,000 writes; 3,000 calls remain in addition to the reserve, then
  // 9,000 a day.
  expect(
    rows.filter(({ area }) => area === 'quota').map(({ subject, message }) => [subject, message]),
  ).toEqual([
    [
      'crm',
      'DailyApiRequests: 9,000 of 15,000 left, 40 % reserved for others; an initial load of 9,000 records of each entity, 21,000 calls at most, takes at least 2 d (DailyApiRequests)',
    ],
    [
      'erp',
      '60 per minute; an initial load of 9,000 records of each entity, 21,000 calls at most, takes at least 5 h 50 min (60 per minute)',
    ],
  ])
})

test('the queue is forecast at the limits of the definition, and a short one is not worth a word', async () => {
  const { integration } = await inFolder((directory) => loadDefinition({ directory, environment: {} }))
  expect(forecastQueue(integration, 3_600, 0)).toMatchObject({
    system: 'erp',
    calls: 7_200,
    duration: '2 h',
    bound: '60 per minute',
  })
  expect(forecastQueue(integration, 10, 0)).toBeUndefined()
})
