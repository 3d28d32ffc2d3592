import { describe, expect, test } from 'vitest'
import { type LaneColumns, laneUntil, readLane } from './lane.ts'

function read(state: string, reason: string | null = null, until: number | null = null) {
  return readLane({ state, reason, until }, 'record r1 in crm')
}

describe('a lane', () => {
  test.each<LaneColumns>([
    { state: 'open', reason: null, until: null },
    { state: 'open', reason: 'deletion-waits', until: null },
    { state: 'backoff', reason: 'moving', until: 5 },
    // The code of an earlier version.
    { state: 'backoff', reason: 'HTTP_LONG_GONE', until: 5 },
    { state: 'in-doubt', reason: 'unknown-outcome', until: 5 },
    { state: 'in-doubt', reason: 'reference', until: 5 },
    { state: 'waiting', reason: 'reference', until: null },
    { state: 'waiting', reason: 'reappeared', until: 5 },
    { state: 'rejected', reason: null, until: null },
    { state: 'rejected', reason: 'HTTP_STATUS', until: null },
    { state: 'held', reason: 'update-delete', until: null },
    { state: 'quarantined', reason: 'CREATE_TAKEN', until: null },
  ])('is made of its columns: $state $reason', ({ state, reason, until }) => {
    const lane = read(state, reason, until)
    expect(lane).toEqual({
      state,
      ...(reason === null ? {} : { reason }),
      ...(until === null ? {} : { until }),
    })
    expect(laneUntil(lane)).toBe(until ?? undefined)
  })

  test.each<[why: string, state: string, reason: string | null, until: number | null]>([
    ['state "shut", which does not exist', 'shut', null, null],
    ['state "toString", which does not exist', 'toString', null, null],
    ['"backoff" without an end', 'backoff', 'moving', null],
    ['"in-doubt" without an end', 'in-doubt', 'unknown-outcome', null],
    ['"held", which has no end, but ends', 'held', 'guard', 5],
    ['"open", which has no end, but ends', 'open', null, 5],
    ['"waiting" without a reason', 'waiting', null, null],
    ['"quarantined" without a reason', 'quarantined', null, null],
    ['"reference" is no reason of state "held"', 'held', 'reference', null],
    ['"guard" is no reason of state "open"', 'open', 'guard', null],
    ['"HTTP_NETWORK" is no reason of state "waiting"', 'waiting', 'HTTP_NETWORK', null],
    ['"made up" is no reason of state "in-doubt"', 'in-doubt', 'made up', 5],
  ])('that no version stores is refused: %s', (why, state, reason, until) => {
    const reading = () => read(state, reason, until)
    expect(reading).toThrow(why)
    expect(reading).toThrow('record r1 in crm')
    expect(reading).toThrow(expect.objectContaining({ code: 'STORE_ROW_INVALID', retry: 'never' }))
  })
})
