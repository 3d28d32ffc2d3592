import { execFile } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test, vi } from 'vitest'
import { Deadlines } from './deadlines.ts'

test('each passes at its time, whatever the order in which they were set', async () => {
  const deadlines = new Deadlines()
  const passed: number[] = []
  const startedAt = performance.now()
  for (const ms of [60, 20, 100, 40]) {
    deadlines.add(ms, () => {
      expect(performance.now() - startedAt).toBeGreaterThanOrEqual(ms - 1)
      passed.push(ms)
    })
  }
  while (passed.length < 4) await sleep(5)
  expect(passed).toEqual([20, 40, 60, 100])
})

test('one that was taken away never passes, and does not hold up those after it', async () => {
  const deadlines = new Deadlines()
  const passed: string[] = []
  const first = deadlines.add(10, () => passed.push('first'))
  deadlines.add(30, () => passed.push('second'))
  deadlines.add(40, () => passed.push('third'))
  deadlines.remove(first)
  while (!passed.includes('third')) await sleep(5)
  expect(passed).toEqual(['second', 'third'])
})

test('one that passes may take others away and set new ones', async () => {
  const deadlines = new Deadlines()
  const passed: string[] = []
  const other = deadlines.add(11, () => passed.push('other'))
  const ended = Promise.withResolvers<void>()
  deadlines.add(10, () => {
    deadlines.remove(other)
    passed.push('first')
    deadlines.add(1, () => {
      passed.push('new')
      ended.resolve()
    })
  })
  await ended.promise
  expect(passed.filter((name) => name !== 'other')).toEqual(['first', 'new'])
})

test('a process lives for as long as a call runs, and not for the rest of its timer', async () => {
  const module = fileURLToPath(new URL('deadlines.ts', import.meta.url))
  const script = `
    const { Deadlines } = await import(${JSON.stringify(module)})
    const deadlines = new Deadlines()
    deadlines.remove(deadlines.add(600_000, () => console.log('late')))
    deadlines.add(50, () => console.log('passed'))`
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--no-warnings', '--eval', script],
    { timeout: 170_000 },
  )
  expect(stdout).toBe('passed\n')
})

test('a client at rest leaves no timer behind, and a busy one keeps the one that it has', () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  try {
    const deadlines = new Deadlines()
    const call = (): void => deadlines.remove(deadlines.add(30_000, () => undefined))
    call()
    expect(vi.getTimerCount()).toBe(0)
    vi.advanceTimersByTime(5_000)
    call()
    expect(vi.getTimerCount()).toBe(0)
    call()
    expect(vi.getTimerCount()).toBe(1)
  } finally {
    vi.useRealTimers()
  }
})
