import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { reasonCodes } from '../../src/model/health/contract.ts'

test('the page of the status has every code of a reason, and no other', () => {
  const page = readFileSync(new URL('../../docs/reference/status.md', import.meta.url), 'utf8')
  const table = page.slice(page.indexOf('| code | problem |'), page.indexOf('A place:'))
  const rows = table.split('\n').map((line) => line.split('|')[1] ?? '')
  const named = rows.flatMap((cell) => [...cell.matchAll(/`([a-z-]+)`/g)].map(([, code]) => code))
  expect(named.sort()).toEqual([...reasonCodes].sort())
})
