import { describe, expect, test } from 'vitest'
import { mergeMutants } from '../../../test/support/merge-mutants.ts'
import { type MergeSteps, runWorld, type WorldOptions } from '../../../test/support/merge-world.ts'

const seeds = Array.from({ length: 1000 }, (_, index) => index + 1)

test('neither loses, echoes, overwrites unseen values, nor fails to converge, whatever the systems do', () => {
  const reports = seeds.map((seed) => ({ seed, ...runWorld(seed) }))
  expect(reports.filter(({ violations }) => violations.length > 0)).toEqual([])
  // The rare branches were actually taken.
  const sum = (of: 'coerced' | 'resurfaced' | 'conflicts') =>
    reports.reduce((total, report) => total + report[of], 0)
  expect(sum('coerced')).toBeGreaterThan(100)
  expect(sum('resurfaced')).toBeGreaterThan(1)
  expect(sum('conflicts')).toBeGreaterThan(100)
})

test('gives the same report for the same seed', () => {
  expect(runWorld(7)).toEqual(runWorld(7))
})

test('converges between systems that rewrite every write (H9)', () => {
  for (const seed of seeds.slice(0, 200))
    expect(runWorld(seed, undefined, { meddling: true }).violations).toEqual([])
})

describe('the judge finds a merge that', () => {
  test.each<[string, MergeSteps, RegExp, WorldOptions]>([
    ['treats every edit as informed', mergeMutants.noAcknowledgement, /^unnoticed concurrency/, {}],
    ['knows no coercions', mergeMutants.noCoercion, /^echo/, {}],
    ['absorbs no outcome', mergeMutants.noShadow, /^(not quiet|no convergence|echo)/, {}],
    ['forgets its own writes', mergeMutants.noOwnWrites, /^echo/, {}],
    ['forgets its own writes too early', mergeMutants.noEvidence, /^echo/, {}],
    ['absorbs whole responses', mergeMutants.swallowResponse, /^(silent loss|no convergence)/, {}],
    ['trusts resurfaced values', mergeMutants.noLowering, /^no convergence/, {}],
    ['has no breaker', mergeMutants.noBreaker, /^not quiet/, { meddling: true }],
  ])('%s', (_, steps, expected, options) => {
    const found = seeds.some((seed) =>
      runWorld(seed, steps, options).violations.some((text) => expected.test(text)),
    )
    expect(found).toBe(true)
  })
})
