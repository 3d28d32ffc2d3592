import { describe, expect, test } from 'vitest'
import {
  causeOf,
  describeRunEnd,
  missingUndecided,
  type RunReason,
  readRunReason,
  runNeedsPerson,
  storeRunReason,
} from './run-reasons.ts'

const reasons: readonly RunReason[] = [
  { code: 'stopped' },
  { code: 'other-account' },
  { code: 'nothing-listed' },
  { code: 'list-failed', message: 'it answered "500"\u0000', cause: 'HTTP_STATUS' },
  { code: 'list-failed', message: 'odd' },
  { code: 'page-late', limitMs: 1000 },
  { code: 'page-repeated' },
  { code: 'offset-paging' },
  { code: 'rows-lost' },
  { code: 'records-left-out', seen: 1, expected: 2 },
  { code: 'list-incomplete' },
  { code: 'list-incomplete', message: 'it lists no more than 1000' },
]

describe('the reason of a run', () => {
  test.each(reasons)('is stored and read back: $code', (reason) => {
    const stored = storeRunReason(reason)
    expect(readRunReason(stored, 'run r')).toEqual(reason)
    // What the store keeps is plain text, whatever a system said.
    expect(stored.details ?? '').not.toContain('\u0000')
  })

  test.each([
    { code: 'made-up', details: null },
    { code: 'toString', details: null },
    { code: 'stopped', details: '{"message":"x"}' },
    { code: 'page-late', details: null },
    { code: 'page-late', details: '{"limitMs":"1000"}' },
    { code: 'list-failed', details: '{"message":"x","cause":5}' },
    { code: 'list-failed', details: '"x"' },
    { code: 'list-failed', details: '{' },
  ])('that no version stores is refused: $code $details', (stored) => {
    expect(() => readRunReason(stored, 'run r7')).toThrow(
      expect.objectContaining({ code: 'STORE_ROW_INVALID', message: expect.stringContaining('run r7') }),
    )
  })

  test('is put into words with what is done about missing records', () => {
    const reason: RunReason = { code: 'records-left-out', seen: 1, expected: 2 }
    expect(describeRunEnd({ reason })).toBe('only 1 of 2 records were listed')
    expect(describeRunEnd({ reason, missingObserved: true })).toBe(
      'only 1 of 2 records were listed; what it did not hold is read by id',
    )
    expect(describeRunEnd({})).toBeUndefined()
  })

  test('names the failure behind it, where there is one', () => {
    expect(reasons.map(causeOf).filter((cause) => cause !== undefined)).toEqual(['HTTP_STATUS'])
  })

  test('needs a person where nothing else there comes right by itself, once the run has ended', () => {
    const ended = { finishedAt: 2, complete: false }
    const needing = reasons.filter((reason) => runNeedsPerson({ ...ended, reason })).map(({ code }) => code)
    expect(new Set(needing)).toEqual(
      new Set(['other-account', 'nothing-listed', 'list-failed', 'page-late', 'page-repeated']),
    )
    for (const reason of reasons) expect(runNeedsPerson({ complete: false, reason })).toBe(false)
  })

  test('leaves what was missed undecided unless it is read by id', () => {
    const end = { finishedAt: 2, complete: false, missing: 3 }
    expect(missingUndecided(end)).toBe(3)
    expect(missingUndecided({ ...end, missingObserved: true })).toBe(0)
    expect(missingUndecided({ ...end, complete: true })).toBe(0)
  })
})
