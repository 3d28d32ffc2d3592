import { describe, expect, test } from 'vitest'
import { memoryIntegration } from '../../../test/support/memory-systems/memory-integration.ts'
import { tidyFields } from './forget-fields.ts'

const part = memoryIntegration({ systems: ['crm'] })
  .entities.get('thing')
  ?.systems.get('crm')
if (part === undefined) throw new TypeError('the systems have a crm')
const name = part.fields.get('name')
if (name === undefined) throw new TypeError('the systems have a name')
const hidden = { ...part, fields: new Map([['name', { ...name, readable: false }]]) }

describe('the stored states of fields', () => {
  test('stay the same object while the definition is unchanged', () => {
    const fields = { name: { shadow: 'Ada', acked: 1 }, email: { shadow: 'a@example.org', acked: 1 } }
    expect(tidyFields(part, fields)).toBe(fields)
  })

  test('lose the fields that the definition has dropped', () => {
    const fields = { name: { shadow: 'Ada', acked: 1 }, phone: { shadow: '1', acked: 1 } }
    expect(tidyFields(part, fields)).toEqual({ name: { shadow: 'Ada', acked: 1 } })
  })

  test('record which fields can only be written', () => {
    const fields = { name: { shadow: 'Ada', acked: 1 } }
    const tidy = tidyFields(hidden, fields)
    expect(tidy).toEqual({ name: { shadow: 'Ada', acked: 1, writeOnly: true } })
    expect(tidyFields(hidden, tidy)).toBe(tidy)
    expect(tidyFields(part, tidy)).toEqual(fields)
  })
})
