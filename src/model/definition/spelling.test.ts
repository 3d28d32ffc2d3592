import { describe, expect, test } from 'vitest'
import { plainEmpties } from '../normalisers/contract.ts'
import { readYaml } from './read-yaml.ts'
import { spellsSchema } from './schema/mapping.ts'
import { emptySpelling } from './spelling.ts'

describe('how a system represents empty values', () => {
  test('is each kind by itself unless specified otherwise', () => {
    expect(emptySpelling(undefined, {})).toBe(plainEmpties)
    expect(emptySpelling({ null: 'null', empty: 'empty' })).toBe(plainEmpties)
  })

  test('reads a native kind back as the canonical one that is represented by it', () => {
    expect(emptySpelling({ null: 'empty' })).toEqual({
      write: { null: 'empty', empty: 'empty', absent: 'absent' },
      read: { null: 'null', empty: 'null', absent: 'absent' },
    })
  })

  test('reads as null before empty before absent where several have the same representation', () => {
    expect(emptySpelling({ null: 'absent', empty: 'absent' }).read.absent).toBe('null')
    expect(emptySpelling({ empty: 'null', absent: 'null' }).read.null).toBe('empty')
  })

  test('is overridden field by field', () => {
    const { write } = emptySpelling({ null: 'empty', absent: 'null' }, { null: 'absent' })
    expect(write).toEqual({ null: 'absent', empty: 'empty', absent: 'null' })
  })

  test('may be written with an unquoted null, as key and as value', () => {
    const { value } = readYaml('{ null: empty, absent: null }')
    expect(value).toEqual({ null: 'empty', absent: null })
    expect(emptySpelling(spellsSchema.parse(value)).write).toEqual({
      null: 'empty',
      empty: 'empty',
      absent: 'null',
    })
  })
})
