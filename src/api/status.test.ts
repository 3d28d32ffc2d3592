import { expect, test } from 'vitest'
import { describeRunReason, type RunReason } from '../model/run-reasons.ts'
import type { StatusCounts } from '../store/admin-contract.ts'
import type { RunRow } from '../store/contract.ts'
import { toStatusResource } from './status.ts'

const run: RunRow = {
  id: 'r',
  kind: 'full',
  system: 'crm',
  entity: 'customer',
  startedAt: 1,
  finishedAt: 2,
  seen: 0,
  complete: false,
}

function statusOf(lastRun: RunRow): ReturnType<typeof toStatusResource> {
  const counts: StatusCounts = {
    now: 3,
    records: { active: 5 },
    queue: { due: 0, waiting: 0, running: 0 },
    systems: [{ system: 'crm', entity: 'customer', linked: 5, lanes: { open: 5 }, lastRun }],
    open: { conflicts: 0, failures: 0, matches: 0, holds: 0, intents: 0 },
    workers: 1,
    health: {
      places: [
        {
          system: 'crm',
          entity: 'customer',
          paging: 'offset',
          readAt: 3,
          comparedAt: 3,
          failures: 0,
        },
      ],
      systems: [],
      delays: [],
    },
  }
  const watch = [
    { system: 'crm', entity: 'customer', readEveryMs: 1000, compareEveryMs: 1000, writtenOnly: false },
  ]
  return toStatusResource({ integration: { id: 'i', version: 'v' }, watch, staleAfterMs: 1000 }, counts)
}

test.each<RunReason>([
  { code: 'nothing-listed' },
  { code: 'other-account' },
  { code: 'list-failed', cause: 'HTTP_RESPONSE_TOO_DEEP', message: 'deep' },
])('a last list with the doubt $code needs a person', (reason) => {
  const status = statusOf({ ...run, reason })
  expect(status).toMatchObject({
    state: 'attention',
    doubts: [{ system: 'crm', reason: describeRunReason(reason) }],
  })
  expect(status.summary).toContain('1 list in doubt')
})

test('a list that never proves absence, or that was stopped, needs nobody', () => {
  for (const code of ['offset-paging', 'stopped'] as const) {
    expect(statusOf({ ...run, reason: { code } })).toMatchObject({ state: 'agreed', doubts: [] })
  }
  expect(statusOf({ ...run, complete: true })).toMatchObject({ state: 'agreed' })
})

test('what an incomplete list did not hold is undecided', () => {
  const status = statusOf({
    ...run,
    reason: { code: 'offset-paging' },
    missing: 2,
  })
  expect(status).toMatchObject({ state: 'attention', doubts: [] })
  expect(status.summary).toContain('2 known records were not in its last list')
})

test('a place is described with all that is known of it', () => {
  const [place] = statusOf({ ...run, complete: true }).places
  expect(place).toMatchObject({
    system: 'crm',
    entity: 'customer',
    state: 'agreed',
    linked: 5,
    lastHeardAt: 3,
    lastComparedAt: 3,
    backlog: { count: 0 },
  })
})
