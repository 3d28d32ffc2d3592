import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { definitionJsonSchema } from './root.ts'

const committed = new URL('../../../../schema/isthmus.schema.json', import.meta.url)

describe('the JSON Schema of a definition', () => {
  test('is the committed file; after a change run node scripts/write-schema.ts', () => {
    expect(`${JSON.stringify(definitionJsonSchema(), null, 2)}\n`).toBe(readFileSync(committed, 'utf8'))
  })

  test('describes keys, for editors', () => {
    const text = JSON.stringify(definitionJsonSchema())
    expect(text).toContain('Maximum length in characters. Default: unlimited.')
    expect(text).toContain('"additionalProperties":false')
  })

  test('contains no trace of functions, which only TypeScript has', () => {
    expect(JSON.stringify(definitionJsonSchema())).not.toContain('{"not":{}}')
  })
})
