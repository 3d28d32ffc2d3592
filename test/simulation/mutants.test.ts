/** The register of mutants: `npm run simulate -- --mutants`. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { lineOf, mutantPage } from './mutant-page.ts'
import { mutants, type Verdict } from './mutants.ts'
import { sourceMutants } from './source-mutants.ts'

const root = new URL('../../', import.meta.url)
const source = new URL('src/', root)

describe('the registered mutants', () => {
  test('have unique names', () => {
    const names = mutants.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
  })

  test('replace an existing line, in one file', () => {
    const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
    for (const { name, file, find, replace } of sourceMutants) {
      const ends = files.filter((path) => `/${path}`.endsWith(`/${file}`))
      expect(ends, `${name}: ${file}`).toHaveLength(1)
      const text = readFileSync(new URL(ends[0] ?? '', source), 'utf8')
      expect(text.includes(find), `${name}: ${file} no longer says ${find}`).toBe(true)
      expect(text.replaceAll(find, replace), name).not.toBe(text)
    }
  })
})

test('the page reports what was broken and which check detected it', () => {
  const killed: Verdict = {
    name: 'one',
    breaks: 'a | b',
    kinds: 'lines,merges',
    verdict: 'killed',
    seed: 7,
    violation: 'INV-18: beta x: gone',
    notCounted: [3],
  }
  const survived: Verdict = { name: 'two', breaks: 'nothing much', verdict: 'survived', notCounted: [] }
  const page = mutantPage([killed, survived], { seeds: 60 }, '2026-11-30')
  expect(page).toContain('Run on 2026-11-30: **1 of 2 killed** within 60 seeds each.')
  expect(page).toContain('| `one` | a \\| b | lines, merges | killed | 7 | INV-18 | beta x: gone |')
  expect(page).toContain('| `two` | nothing much |  | survived |  |  |  |')
  expect(lineOf(killed)).toContain('(not counted: 3)\n          seed 7: INV-18')
})

describe('the page in the documentation', () => {
  const page = readFileSync(new URL('docs/explanation/mutants.md', root), 'utf8')
  const rows = page
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.slice(2, -2).split(' | '))

  test('has each registered mutant, with what it breaks', () => {
    const reported = rows.map(([name, breaks]) => [name, breaks])
    expect(reported).toEqual(mutants.map(({ name, breaks }) => [`\`${name}\``, breaks]))
  })

  test('reports that all were killed in one run', () => {
    expect(rows.filter(([, , , verdict]) => verdict !== 'killed')).toEqual([])
    expect(page).toContain(`**${mutants.length} of ${mutants.length} killed**`)
  })
})
