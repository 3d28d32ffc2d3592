import { describe, expect, test } from 'vitest'
import { IsthmusError } from '../model/errors.ts'
import { createBatcher } from './batcher.ts'

const clock = {
  defer: (task: () => void) => void setImmediate(task),
  monotonic: () => performance.now(),
  sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
}

describe('a group commit', () => {
  test('sends a single item at once and collects items that arrive meanwhile', async () => {
    const batches: number[][] = []
    const running = Promise.withResolvers<void>()
    const over = Promise.withResolvers<void>()
    const submit = createBatcher<number, number>({
      name: 'double',
      clock,
      batchMax: 100,
      queueMax: 100,
      run: async (items) => {
        batches.push([...items])
        running.resolve()
        await over.promise
        return items.map((item) => item * 2)
      },
    })
    const first = submit(1)
    await running.promise
    const rest = [2, 3, 4].map(submit)
    over.resolve()
    expect(await Promise.all([first, ...rest])).toEqual([2, 4, 6, 8])
    expect(batches).toEqual([[1], [2, 3, 4]])
  })

  test('never exceeds its largest size', async () => {
    const sizes: number[] = []
    const submit = createBatcher<number, number>({
      name: 'same',
      clock,
      batchMax: 4,
      queueMax: 100,
      run: async (items) => {
        sizes.push(items.length)
        return items
      },
    })
    await Promise.all(Array.from({ length: 10 }, (_, i) => submit(i)))
    expect(sizes).toEqual([4, 4, 2])
  })

  test('refuses more than it may hold', async () => {
    const submit = createBatcher<number, number>({
      name: 'stuck',
      clock,
      batchMax: 1,
      queueMax: 2,
      run: () => new Promise(() => undefined),
    })
    void submit(1)
    void submit(2)
    await expect(submit(3)).rejects.toMatchObject({ code: 'ENGINE_BUSY', retry: 'backoff' })
  })

  test('H33: halves a batch that can never work until the failing item is alone', async () => {
    const submit = createBatcher<number, number>({
      name: 'picky',
      clock,
      batchMax: 100,
      queueMax: 100,
      run: async (items) => {
        if (items.includes(5)) throw new IsthmusError('INTERNAL', 'five can not be stored')
        return items
      },
    })
    const results = await Promise.allSettled(Array.from({ length: 9 }, (_, i) => submit(i)))
    expect(results.map((result) => result.status)).toEqual(
      Array.from({ length: 9 }, (_, i) => (i === 5 ? 'rejected' : 'fulfilled')),
    )
  })

  test('repeats nothing when the store is unavailable: the commit may have happened', async () => {
    let runs = 0
    const submit = createBatcher<number, number>({
      name: 'away',
      clock,
      batchMax: 100,
      queueMax: 100,
      run: async () => {
        runs += 1
        throw new IsthmusError('STORE_UNAVAILABLE', 'away')
      },
    })
    const results = await Promise.allSettled([submit(1), submit(2), submit(3)])
    expect(results.every((result) => result.status === 'rejected')).toBe(true)
    expect(runs).toBe(1)
  })
})
