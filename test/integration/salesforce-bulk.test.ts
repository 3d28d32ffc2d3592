/** A listing through Bulk API 2.0 in a process whose heap is too small for the listed records. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const bench = fileURLToPath(new URL('../../bench/salesforce-bulk.ts', import.meta.url))

test('30,000 accounts are listed in bulk by a process with a heap of 64 MB', async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--max-old-space-size=64', bench, '30000'],
    { timeout: 170_000 },
  )
  const figures: unknown = JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
  expect(figures).toMatchObject({ records: 30_000, complete: true })
})
