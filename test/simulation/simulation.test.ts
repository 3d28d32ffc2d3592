/** A part of the simulation for every test run; `npm run simulate -- --seeds 500` runs all of it. */
import { describe, expect, test } from 'vitest'
import { runSeed } from './run.ts'

/** For tests of many seeds. Their duration depends on the load of the machine; the limit only has to stop one that hangs. */
const boundOnHanging = 900_000

describe('the real engine on virtual time', () => {
  test.each(Array.from({ length: 25 }, (_, index) => index + 1))(
    'keeps every invariant with seed %i',
    async (seed) => {
      const { violations } = await runSeed(seed)
      expect(violations, `npm run simulate -- --seed ${seed} --trace`).toEqual([])
    },
    boundOnHanging,
  )

  test('gives the same trace for the same seed', async () => {
    const [first, second] = [await runSeed(7), await runSeed(7)]
    expect(first.events).toBeGreaterThan(1000)
    expect(second.hash).toBe(first.hash)
  })

  test(
    'covers what it is meant to prove: crashes, stalls, doubts, conflicts, deletions',
    async () => {
      const total = { crashes: 0, stalls: 0, inDoubt: 0, conflicts: 0, removals: 0, creates: 0 }
      for (let seed = 100; seed < 120; seed += 1) {
        const { tally } = await runSeed(seed)
        for (const name of Object.keys(total) as (keyof typeof total)[]) total[name] += tally[name]
      }
      for (const [name, count] of Object.entries(total)) expect(count, name).toBeGreaterThan(3)
    },
    boundOnHanging,
  )

  // Seeds that once revealed a defect, with its description. The schedule of a seed may change with the scenarios; the name of the defect stays.
  test.each([
    [
      2,
      'two unmatched records with one key became two records, and a write owed by a lane that backed off was forgotten',
    ],
    [48, 'a system that replaces whole objects was written to unseen, and lost its other fields'],
    [1, 'a look from before our own write was merged after it'],
    [135, 'the response to a repeated create was taken for what the system made of it, over an edit'],
  ])('seed %i: %s', async (seed) => {
    expect((await runSeed(seed)).violations).toEqual([])
  })

  for (const broken of ['nosent', 'nointent', 'notime'])
    test(
      `detects an engine without a protection (${broken})`,
      async () => {
        for (let seed = 1; seed <= 60; seed += 1) {
          const { violations } = await runSeed(seed, { broken: new Set([broken]) })
          if (violations.length > 0) return
        }
        expect.unreachable('60 seeds noticed nothing')
      },
      boundOnHanging,
    )
})
