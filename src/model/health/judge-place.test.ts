import { describe, expect, test } from 'vitest'
import { describeRunReason, type RunReason } from '../run-reasons.ts'
import type { ListedRun, PlaceFacts, PlaceHealth, PlaceWatch } from './contract.ts'
import { judgePlace, readLimitMs } from './judge-place.ts'

const now = 10_000_000
const minute = 60_000
const clock = { now, staleAfterMs: 15 * minute }

const watch: PlaceWatch = {
  system: 'crm',
  entity: 'customer',
  readEveryMs: minute,
  compareEveryMs: 60 * minute,
  writtenOnly: false,
}

const health: PlaceHealth = {
  system: 'crm',
  entity: 'customer',
  paging: 'keyset',
  feed: true,
  readAt: now - 30_000,
  readMs: 200,
  comparedAt: now - 50 * minute,
  failures: 0,
}

const run: ListedRun = {
  startedAt: now - 51 * minute,
  finishedAt: now - 50 * minute,
  complete: true,
  seen: 9,
  missing: 0,
}

const facts: PlaceFacts = { health, lastRun: run, delays: [], linked: 9 }

const failing = { way: 'feed', code: 'HTTP_STATUS', message: 'it answered 404', at: now - 1000 } as const

const judge = (changes: Partial<PlaceFacts>, asked: Partial<PlaceWatch> = {}) =>
  judgePlace({ ...watch, ...asked }, { ...facts, ...changes }, clock)

test('a place that was read and compared recently, and has no pending work, is agreed', () => {
  expect(judge({})).toEqual({ state: 'agreed', reasons: [], notes: [] })
})

describe('reads', () => {
  test("one that failed once is retried; the second failure in a row needs attention, with the system's message", () => {
    const one = judge({ health: { ...health, failures: 1, failing: { ...failing, since: now - 1000 } } })
    expect(one).toMatchObject({ state: 'working', reasons: [{ code: 'read-retried' }] })
    const two = judge({ health: { ...health, failures: 2, failing: { ...failing, since: now - 9000 } } })
    expect(two).toMatchObject({ state: 'attention', reasons: [{ code: 'read-failing', since: now - 9000 }] })
    expect(two.reasons[0]?.message).toBe("its feed can't be read: it answered 404 (HTTP_STATUS)")
    expect(two.reasons[0]?.action).toBeDefined()
  })

  test('one that fails for the first time when the last successful read is too old needs attention at once', () => {
    const at = (age: number) =>
      judge({
        health: { ...health, readAt: now - age, failures: 1, failing: { ...failing, since: now - 1000 } },
      })
    expect(at(3 * minute)).toMatchObject({ state: 'working', reasons: [{ code: 'read-retried' }] })
    expect(at(3 * minute + 1)).toMatchObject({ state: 'attention', reasons: [{ code: 'read-failing' }] })
  })

  test('one that never succeeded is reported as such', () => {
    const { readAt: _read, comparedAt: _compared, ...never } = health
    const verdict = judge({
      health: { ...never, failures: 5, failing: { ...failing, since: now - 9000 } },
    })
    expect(verdict.reasons[0]?.message).toContain('it was never read')
    expect(verdict.state).toBe('attention')
  })

  test.each([
    ['three intervals', {}, {}, 3 * minute],
    ['twice the duration of the last read', {}, { readMs: 5 * minute }, 10 * minute],
    ['the freshness objective', { freshnessMs: 60 * minute }, {}, 60 * minute],
    ['a minimum for busy machines', { readEveryMs: 200 }, {}, 15_000],
  ])('may be as old as %s', (_what, asked, known, limitMs) => {
    const at = (age: number) => ({ health: { ...health, ...known, readAt: now - age } })
    expect(readLimitMs({ ...watch, ...asked }, { ...facts, ...at(0) })).toBe(limitMs)
    expect(judge(at(limitMs), asked).state).toBe('agreed')
    expect(judge(at(limitMs + 1), asked)).toMatchObject({
      state: 'attention',
      reasons: [{ code: 'read-old', since: now - limitMs - 1 }],
    })
  })

  test('of which nothing is known yet make the place never seen', () => {
    const { health: _health, lastRun: _run, ...nothing } = facts
    expect(judgePlace(watch, nothing, clock)).toMatchObject({
      state: 'never-seen',
      reasons: [{ code: 'never-read' }],
    })
  })

  test('that nothing requests regularly leave the place unwatched, unless an objective sets the longest silence', () => {
    const { readEveryMs: _every, ...byWebhook } = watch
    expect(judgePlace(byWebhook, facts, clock)).toMatchObject({
      state: 'unwatched',
      reasons: [{ code: 'not-watched' }],
    })
    const withObjective = { ...byWebhook, freshnessMs: 5 * minute }
    expect(judgePlace(withObjective, facts, clock).state).toBe('agreed')
    const old = { ...facts, health: { ...health, readAt: now - 6 * minute } }
    expect(judgePlace(withObjective, old, clock).state).toBe('attention')
    const heard = { ...old, system: { system: 'crm', heardAt: now - minute } }
    expect(judgePlace(withObjective, heard, clock).state).toBe('agreed')
  })

  test('are not expected of a place that is write-only and can not be listed', () => {
    const { readAt: _read, comparedAt: _compared, ...never } = health
    const unlisted = { ...never, paging: 'none', feed: false } as const
    const { lastRun: _run, ...rest } = facts
    const verdict = judgePlace({ ...watch, writtenOnly: true }, { ...rest, health: unlisted }, clock)
    expect(verdict.state).toBe('agreed')
  })
})

describe('lists', () => {
  test.each<RunReason>([
    { code: 'nothing-listed' },
    { code: 'list-failed', cause: 'HTTP_STATUS', message: 'it answered 500' },
  ])('are in doubt for the reason $code', (reason) => {
    const verdict = judge({ lastRun: { ...run, complete: false, reason } })
    expect(verdict).toMatchObject({ state: 'attention', reasons: [{ code: 'list-in-doubt' }] })
  })

  test('that ended with a failure already reported for reads are reported once, with what to do about the cause', () => {
    const reason: RunReason = { code: 'list-failed', cause: 'HTTP_RATE_LIMITED', message: 'it answered 429' }
    const message = describeRunReason(reason)
    expect(message).toBe('the list broke off: HTTP_RATE_LIMITED: it answered 429')
    const reported = { code: 'LIST_INCOMPLETE', message, cause: 'HTTP_RATE_LIMITED' }
    const failed = { ...failing, ...reported, since: now - 9000 }
    const verdict = judge({
      health: { ...health, failures: 2, failing: failed },
      lastRun: { ...run, complete: false, reason },
    })
    expect(verdict.reasons.map(({ code }) => code)).toEqual(['read-failing'])
    expect(verdict.notes).toEqual([])
    const doubted = judge({ lastRun: { ...run, complete: false, reason } })
    expect(doubted.reasons.map(({ code }) => code)).toEqual(['list-in-doubt'])
    expect([verdict.reasons[0]?.action, doubted.reasons[0]?.action]).toEqual([
      doubted.reasons[0]?.action,
      expect.not.stringContaining('credentials'),
    ])
  })

  test('compared too long ago need attention', () => {
    const verdict = judge({ health: { ...health, comparedAt: now - 2 * 60 * minute - 1 } })
    expect(verdict).toMatchObject({ state: 'attention', reasons: [{ code: 'compare-old' }] })
  })

  test('that were never complete need attention, except while the first one is in progress', () => {
    const { comparedAt: _compared, ...uncompared } = health
    const capped = {
      ...run,
      complete: false,
      reason: { code: 'list-incomplete', message: 'the system lists no more than 1000 records' },
    } as const
    expect(judge({ health: uncompared, lastRun: capped })).toMatchObject({
      state: 'attention',
      reasons: [{ code: 'never-compared', message: expect.stringContaining('no more than 1000') }],
    })
    const { finishedAt: _finished, complete: _complete, ...going } = run
    expect(judge({ health: uncompared, lastRun: going }).state).toBe('working')
    const stopped = { ...run, complete: false, reason: { code: 'stopped' } } as const
    expect(judge({ health: uncompared, lastRun: stopped }).state).toBe('working')
  })

  test('that can not prove a deletion leave missing records undecided', () => {
    const verdict = judge({
      health: { ...health, paging: 'offset' },
      lastRun: { ...run, complete: false, missing: 3, reason: { code: 'offset-paging' } },
    })
    expect(verdict).toMatchObject({ state: 'attention', reasons: [{ code: 'missing' }] })
    expect(verdict.reasons[0]?.message).toContain('3 known records were not in its last list')
    expect(verdict.notes.join()).toContain('never proves a deletion')
  })

  test('of which the missing records are read by id leave nothing undecided: each record reports its own result', () => {
    const verdict = judge({
      health: { ...health, paging: 'offset' },
      lastRun: {
        ...run,
        complete: false,
        missing: 3,
        missingObserved: true,
        reason: { code: 'offset-paging' },
      },
    })
    expect(verdict.state).toBe('agreed')
  })

  test('by offset that missed nothing are as good as complete, and the page states their limitation', () => {
    const verdict = judge({
      health: { ...health, paging: 'offset' },
      lastRun: { ...run, complete: false, reason: { code: 'offset-paging' } },
    })
    expect(verdict.state).toBe('agreed')
    expect(verdict.notes.join()).toContain('can skip records')
  })
})

describe('records that wait', () => {
  const delay = { system: 'crm', entity: 'customer', lane: 'backoff', reason: 'HTTP_NETWORK', count: 2 }

  test('are in progress while they are recent, and need attention afterwards', () => {
    expect(judge({ delays: [{ ...delay, since: now - minute }] }).state).toBe('working')
    expect(judge({ delays: [{ ...delay, since: now - 16 * minute }] })).toMatchObject({
      state: 'attention',
      reasons: [{ code: 'lanes-delayed', since: now - 16 * minute }],
    })
  })

  test.each([
    ['first-load', 'first complete list'],
    ['no-evidence', 'evidence that they do not exist yet'],
    ['city', 'a record that they reference'],
  ])('are described by what they wait for: %s', (reason, words) => {
    const verdict = judge({ delays: [{ ...delay, lane: 'waiting', reason }] })
    expect(verdict.reasons[0]?.message).toContain(words)
  })

  test.each(['rejected', 'held', 'quarantined'])(
    'in a lane that is %s need a person, however recent they are',
    (lane) => {
      const verdict = judge({ delays: [{ ...delay, lane, since: now }] })
      expect(verdict).toMatchObject({ state: 'attention', reasons: [{ code: 'lanes-closed' }] })
    },
  )

  test('of a system that accepts no calls name the time, and need attention when it lasts', () => {
    const paused = (since: number) => ({
      system: { system: 'crm', paused: { since, until: now + 5000, code: 'HTTP_RATE_LIMITED' } },
    })
    expect(judge(paused(now - minute))).toMatchObject({ state: 'working' })
    expect(judge(paused(now - 16 * minute))).toMatchObject({
      state: 'attention',
      reasons: [{ code: 'system-paused' }],
    })
    const over = { system: { system: 'crm', paused: { since: 0, until: now - 1, code: 'HTTP_NETWORK' } } }
    expect(judge(over).state).toBe('agreed')
  })

  test('are a backlog with an age', () => {
    expect(judge({ backlog: { count: 4, since: now - 500 } })).toMatchObject({
      state: 'working',
      reasons: [{ code: 'moving', message: '4 records in progress', since: now - 500 }],
    })
  })
})
