/** The codes of hazards (H1) and invariants (INV-1): each used code is described on its page, and each code on a page is covered by a test. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'

const root = path.resolve(import.meta.dirname, '..', '..')
const ownPath = path.relative(root, import.meta.filename)

const pages = [
  { name: 'hazards', file: 'docs/explanation/hazards.md', code: /\bH[1-9]\d?\b/g },
  { name: 'invariants', file: 'docs/explanation/invariants.md', code: /\bINV-\d+\b/g },
] as const

function textsOf(...places: readonly string[]): ReadonlyMap<string, string> {
  const files = places.flatMap((place) => {
    const full = path.join(root, place)
    if (statSync(full).isFile()) return [place]
    return readdirSync(full, { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(ts|md)$/.test(file) && !file.includes('node_modules'))
      .map((file) => path.join(place, file))
  })
  return new Map(
    files
      .filter((file) => file !== ownPath)
      .map((file) => [file, readFileSync(path.join(root, file), 'utf8')]),
  )
}

function codesIn(text: string, code: RegExp): ReadonlySet<string> {
  return new Set([...text.matchAll(code)].map(([found]) => found))
}

describe.each(pages)('the page of $name', ({ file, code }) => {
  const page = readFileSync(path.join(root, file), 'utf8')
  const rows = [...page.matchAll(/^\| ([A-Z]+-?\d+) \|/gm)].map(([, found = '']) => found)

  test('has each code once', () => {
    expect(rows.length).toBeGreaterThan(0)
    expect(rows.toSorted()).toEqual([...new Set(rows)].toSorted())
  })

  test('has every code that is used anywhere', () => {
    const unknown = [...textsOf('src', 'test', 'bench', 'docs', 'README.md')].flatMap(([used, text]) =>
      [...codesIn(text, code)].filter((found) => !rows.includes(found)).map((found) => `${found} in ${used}`),
    )
    expect(unknown).toEqual([])
  })

  test('has no code without a test that names it', () => {
    const tests = [...textsOf('src', 'test')].filter(([name]) => /\.ts$/.test(name))
    const named = new Set(
      tests
        .filter(([name]) => name.startsWith('test') || name.endsWith('.test.ts'))
        .flatMap(([, text]) => [...codesIn(text, code)]),
    )
    expect(rows.filter((found) => !named.has(found))).toEqual([])
  })
})
