import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { run } from '../../examples/user-management/main.ts'

test('the tutorial of the API client ends with the actual output of the example', async () => {
  const page = readFileSync(path.resolve(import.meta.dirname, '../../docs/tutorial/api-client.md'), 'utf8')
  const shown = /It prints\n\n```text\n([\s\S]*?)```/.exec(page)?.[1]
  const lines: string[] = []
  await run((line) => lines.push(line))
  expect(shown?.trim().split('\n')).toEqual(lines)
})
