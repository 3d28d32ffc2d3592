import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

/** Names of this product's variables in a text; those that only end in _FILE are another way to set the same variable. */
function variables(text: string): readonly string[] {
  const names = text.match(/\b(?:ISTHMUS_[A-Z_]+|DATABASE_URL|NO_COLOR)\b/g) ?? []
  return [...new Set(names.map((name) => name.replace(/_FILE$/, '')))].toSorted()
}

const readers = ['config.ts', 'server-settings.ts', 'sign-in-settings.ts']

test('the page of environment variables lists exactly those that are read', () => {
  const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
  expect(variables(read('docs/reference/environment.md'))).toEqual(
    variables(readers.map((file) => read(`src/runtime/${file}`)).join('')),
  )
})
