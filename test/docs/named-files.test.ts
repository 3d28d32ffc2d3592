/** The files that pages name in backticks exist, and so do the tests that a command selects. */
import { globSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const root = new URL('../../', import.meta.url)
const files = (...patterns: string[]): string[] => globSync(patterns, { cwd: root })
const pages = files(
  'README.md',
  'CONTRIBUTING.md',
  'docs/**/*.md',
  'test/**/*.md',
  'src/**/*.md',
  'examples/**/*.md',
)
const testFiles = files('src/**/*.test.ts', 'test/**/*.test.ts', 'examples/**/*.test.ts')

function found(pattern: RegExp): { readonly page: string; readonly text: string }[] {
  return pages.flatMap((page) =>
    [...readFileSync(new URL(page, root), 'utf8').matchAll(pattern)].map(([, text = '']) => ({ page, text })),
  )
}

test('each path in backticks exists', () => {
  const named = found(/`((?:src|test|bench|scripts)\/[\w./-]+\.(?:ts|sql|md|yaml|json))`/g)
  expect(named.length).toBeGreaterThan(50)
  const existing = new Set(files('{src,test,bench,scripts}/**/*.{ts,sql,md,yaml,json}'))
  expect(named.filter(({ text }) => !existing.has(text))).toEqual([])
})

test('each command that runs some tests selects at least one file by each of its filters', () => {
  const filters = found(/npm test -- ([^`\n]+)/g).flatMap(({ page, text }) =>
    text
      .split(/\s+/)
      .filter((word) => word.includes('/'))
      .map((filter) => ({ page, filter })),
  )
  expect(filters.length).toBeGreaterThan(5)
  expect(filters.filter(({ filter }) => !testFiles.some((file) => file.includes(filter)))).toEqual([])
})
