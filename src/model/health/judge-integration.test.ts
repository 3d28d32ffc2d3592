import { expect, test } from 'vitest'
import type { PlaceFacts, PlaceWatch } from './contract.ts'
import { type IntegrationFacts, judgeIntegration } from './judge-integration.ts'

const now = 10_000_000
const watch: PlaceWatch = {
  system: 'crm',
  entity: 'customer',
  readEveryMs: 60_000,
  compareEveryMs: 3_600_000,
  writtenOnly: false,
}
const seen: PlaceFacts = {
  linked: 1,
  delays: [],
  health: { system: 'crm', entity: 'customer', readAt: now, comparedAt: now, failures: 0 },
}
const facts: IntegrationFacts = {
  now,
  staleAfterMs: 900_000,
  places: [{ watch, facts: seen }],
  workers: 1,
  open: { conflicts: 0, failures: 0, matches: 0, holds: 0, intents: 0 },
  queue: { due: 0, running: 0, waiting: 0 },
}
const judge = (changes: Partial<IntegrationFacts>) => judgeIntegration({ ...facts, ...changes })

test('is agreed when every place is, a worker is alive, the database accepts writes and nothing is open', () => {
  expect(judge({})).toMatchObject({ state: 'agreed', reasons: [] })
})

test.each<[string, Partial<IntegrationFacts>, string]>([
  ['no worker is alive', { workers: 0 }, 'no-worker'],
  [
    'the database accepts no writes',
    { databaseProblem: { code: 'STORE_DISK_FULL', message: 'the disk is full' } },
    'database-not-writable',
  ],
  ['a conflict is open', { open: { ...facts.open, conflicts: 1 } }, 'open'],
  ['something of an unknown kind is open', { open: { ...facts.open, wonders: 1 } }, 'open'],
  [
    'the oldest record has been waiting for too long',
    { queue: { due: 1, running: 0, waiting: 0, oldestSince: 1 } },
    'behind',
  ],
])('needs attention when %s', (_what, changes, code) => {
  const verdict = judge(changes)
  expect(verdict.state).toBe('attention')
  expect(verdict.reasons[0]).toMatchObject({ code })
  expect(verdict.reasons[0]?.action).toBeDefined()
})

test('writes in doubt are handled by the engine, and recent records are in progress', () => {
  expect(judge({ open: { ...facts.open, intents: 2 } }).state).toBe('agreed')
  expect(judge({ queue: { due: 1, running: 0, waiting: 0, oldestSince: now - 1 } }).state).toBe('working')
})

test('a pause by a person is named before everything else, and no worker is expected', () => {
  const verdict = judge({ paused: { actor: 'ann', at: 5, reason: 'migration' }, workers: 0 })
  expect(verdict.state).toBe('paused')
  expect(verdict.reasons).toEqual([
    {
      code: 'paused',
      state: 'paused',
      message: 'paused by ann: migration',
      since: 5,
      action: 'isthmus resume',
    },
  ])
})

test('the most severe reason of any place is the overall state', () => {
  const { health: _health, ...unseen } = seen
  const other = { ...watch, system: 'erp' }
  const verdict = judge({
    places: [
      { watch, facts: seen },
      { watch: other, facts: unseen },
    ],
  })
  expect(verdict.state).toBe('never-seen')
  expect(verdict.places.map(({ state }) => state)).toEqual(['agreed', 'never-seen'])
})
