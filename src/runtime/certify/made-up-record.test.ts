import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { FieldType } from '../../model/values.ts'
import { loadDefinition } from '../load-definition.ts'
import { fillIn, madeUpValue, templateOf } from './made-up-record.ts'

test('a made-up value fits its type, and another seed gives another one', () => {
  const types: FieldType[] = [
    { kind: 'string' },
    { kind: 'string', maxLength: 3 },
    { kind: 'string', format: 'email' },
    { kind: 'decimal' },
    { kind: 'boolean' },
    { kind: 'date' },
    { kind: 'enum', values: ['a', 'b'] },
    { kind: 'money' },
    { kind: 'group', fields: { city: { kind: 'string' }, file: { kind: 'blob' } } },
    { kind: 'set', of: { kind: 'integer' } },
    { kind: 'ref', entity: 'other' },
  ]
  expect(types.map((type) => madeUpValue(type, 7))).toEqual([
    'Isthmus certify 000007',
    '007',
    'isthmus-certify-000007@example.org',
    '8',
    false,
    '2026-01-17',
    'b',
    { amount: '8', currency: 'EUR' },
    { city: 'Isthmus certify 000007' },
    ['8'],
    undefined,
  ])
  for (const type of types.slice(0, 10)) expect(madeUpValue(type, 8)).not.toEqual(madeUpValue(type, 7))
})

test('a number stands wherever a given body asks for one', () => {
  const body = { code: 'T-{n}', lines: [{ sku: '{n}{n}' }], amount: 1, none: null }
  expect(fillIn(body, 12)).toEqual({ code: 'T-12', lines: [{ sku: '1212' }], amount: 1, none: null })
})

async function placeOf(map: string, fields: string) {
  const directory = mkdtempSync(join(tmpdir(), 'isthmus-certify-'))
  const text = `
integration: certified
systems: { crm: { connector: memory, resources: { things: {} } }, erp: { connector: memory, resources: { things: {} } } }
entities:
  thing:
    fields: ${fields}
    match: [{ exact: [code] }]
    conflict: { default: prefer crm }
    systems:
      crm: { resource: things, map: ${map}, triggers: [{ poll: 1m }] }
      erp: { resource: things, map: { code: code }, triggers: [{ poll: 1m }] }
`
  writeFileSync(join(directory, 'isthmus.yaml'), text)
  const { integration } = await loadDefinition({ directory, environment: {} })
  rmSync(directory, { recursive: true, force: true })
  const entity = integration.entities.get('thing')
  const part = entity?.systems.get('crm')
  return entity === undefined || part === undefined ? expect.fail('no place') : { entity, part }
}

test('bodies are written by the mapping, texts are found where it puts them, and given properties stand beside them', async () => {
  const place = await placeOf(
    '{ code: Code, name: { path: data.Name, maxLength: 12 }, size: Size }',
    '{ code: integer, name: string, size: decimal }',
  )
  const template = await templateOf({ ...place, body: (seed) => ({ Owner: `o${seed}` }) })
  expect(template?.body(3)).toEqual({
    Code: 4,
    Size: 4,
    data: { Name: 'Isthmus certify 000003' },
    Owner: 'o3',
  })
  expect(template?.texts.map(({ path, stores }) => [path, stores?.('Isthmus certify')])).toEqual([
    [['data', 'Name'], 'Isthmus cert'],
  ])
  expect(template?.patch(1)).not.toEqual(template?.patch(2))
})

test('without a mapped text there is no template: nobody could tell the records', async () => {
  expect(await templateOf(await placeOf('{ code: Code }', '{ code: integer }'))).toBeUndefined()
})
