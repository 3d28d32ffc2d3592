import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { findingText } from './finding.ts'
import { parseDefinition } from './parse-definition.ts'

// Each fixture is one broken definition; the comment lines at its end are the exact errors that must be
// reported for it.
const directory = new URL('./fixtures/broken/', import.meta.url)
const fixtures = readdirSync(directory).map((file) => {
  const text = readFileSync(new URL(file, directory), 'utf8')
  const [, expected = ''] = text.split('\n# expected\n')
  return {
    name: file.replace('.yaml', '').replaceAll('-', ' '),
    text,
    expected: expected.trimEnd().split('\n'),
  }
})

describe('a broken definition', () => {
  test('of more than twenty kinds is covered', () => {
    expect(fixtures.length).toBeGreaterThan(20)
  })

  test.each(fixtures)('is refused with the position and what to do: $name', ({ text, expected }) => {
    const result = parseDefinition(text, { hash: (source) => String(source.length) })
    const errors = result.findings.filter((finding) => finding.severity === 'error')
    expect(errors.map((finding) => `# ${findingText(finding)}`)).toEqual(expected)
    expect(errors.length).toBeGreaterThan(0)
    expect(result.integration).toBeUndefined()
  })

  test.each(fixtures)('never has a secret of it repeated: $name', ({ text }) => {
    const { findings } = parseDefinition(text, { hash: () => 'h' })
    expect(JSON.stringify(findings)).not.toMatch(/hunter2|abcdef/)
  })
})
