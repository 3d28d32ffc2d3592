import { expect, test } from 'vitest'
import { counted, laneInWords, openCount, openInWords } from './words.ts'

test('a count agrees with its noun', () => {
  expect([0, 1, 2, 1_234].map((count) => counted(count, 'record'))).toEqual([
    '0 records',
    '1 record',
    '2 records',
    '1,234 records',
  ])
  expect(openCount('matches', 1)).toBe('1 possible match')
  expect(openCount('intents', 1)).toBe('1 intent')
  expect(openInWords({ conflicts: 2, failures: 1, intents: 3 }).map(({ words }) => words)).toEqual([
    '2 conflicts',
    '1 failure',
  ])
})

test('what blocks records agrees with their number', () => {
  expect(laneInWords('backoff', 'moving', 1)).toBe('is retried after a failed call (moving)')
  expect(laneInWords('backoff', 'moving', 2)).toBe('are retried after a failed call (moving)')
  for (const [lane, reason] of [
    ['waiting', undefined],
    ['waiting', 'first-load'],
    ['waiting', 'reappeared'],
    ['waiting', 'rejoining'],
    ['waiting', 'no-evidence'],
    ['held', 'no-evidence'],
    ['held', 'no-key'],
    ['held', 'guard'],
    ['open', undefined],
    ['in-doubt', 'HTTP_STATUS_FINAL'],
    ['rejected', undefined],
    ['quarantined', 'PASS_CRASHED'],
  ] as const) {
    const [one, many] = [laneInWords(lane, reason, 1), laneInWords(lane, reason, 2)]
    expect(one).toMatch(/^(?:waits|is|was|can't be written as it is)\b/)
    expect(many).toMatch(/^(?:wait|are|were|can't be written as they are)\b/)
    expect(one).not.toMatch(/\b(?:they|them|their)\b/)
  }
})
