import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { errorCodes } from '../../src/model/error-codes.ts'

const root = path.resolve(import.meta.dirname, '..', '..')

interface Row {
  readonly summary: string
  readonly fix: string
  readonly again: string
}

function page(): ReadonlyMap<string, Row> {
  const text = readFileSync(path.join(root, 'docs/reference/error-codes.md'), 'utf8')
  const rows = text.matchAll(/^\| `([A-Z0-9_]+)` \| (.*?) \| (.*?) \| (.*?) \|$/gm)
  return new Map(
    [...rows].map(([, code = '', summary = '', fix = '', again = '']) => [code, { summary, fix, again }]),
  )
}

function sources(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter(
      (file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.endsWith('model/error-codes.ts'),
    )
    .map((file) => readFileSync(path.join(directory, file), 'utf8'))
}

test('the page of error codes has every code of the table, and no other', () => {
  expect([...page().keys()].sort()).toEqual(Object.keys(errorCodes).sort())
})

test('the page describes each code as the table does', () => {
  const rows = page()
  for (const [code, { summary, fix, retry }] of Object.entries(errorCodes)) {
    expect(rows.get(code), code).toEqual({
      summary,
      fix,
      again: retry === 'never' ? 'no' : 'yes, with back-off',
    })
  }
})

test('every code of the table is thrown somewhere', () => {
  const text = sources(path.join(root, 'src')).join('\n')
  const unused = Object.keys(errorCodes).filter((code) => !new RegExp(`['"\`]${code}['"\`]`).test(text))
  expect(unused).toEqual([])
})
