import { describe, expect, test } from 'vitest'
import { memoryIntegration } from '../../../test/support/memory-systems/memory-integration.ts'
import { MemorySystem } from '../../../test/support/memory-systems/memory-system.ts'
import type { CanonicalDocument } from '../../model/values.ts'
import type { ReferenceQuery } from '../../store/contract.ts'
import { placeOf } from '../place.ts'
import { toStaged } from './listed-record.ts'

const integration = memoryIntegration({
  systems: ['crm'],
  change: (entity) => {
    const email = entity.fields.get('email')
    if (email === undefined) return entity
    const reference = { ...email, type: { kind: 'ref', entity: 'person' } as const }
    return { ...entity, fields: new Map(entity.fields).set('email', reference) }
  },
  part: (part) => ({
    ...part,
    lens: {
      read: (native) =>
        native.broken === true
          ? Promise.reject(new TypeError('hostile'))
          : {
              values: { name: String(native.name), email: `ref:${String(native.email)}` },
              problems: [],
            },
      write: () => ({ patch: {}, problems: [] }),
    },
  }),
})
const place = placeOf({ integration, systems: new Map([['crm', new MemorySystem('crm')]]) }, 'crm', 'thing')

/** Readable in a failure's message. */
const digestOf = (values: CanonicalDocument): Uint8Array => Buffer.from(JSON.stringify(values))

function storeThatKnows(known: Readonly<Record<string, string>>, asked: ReferenceQuery[][]) {
  return {
    store: {
      digest: digestOf,
      resolveReferences: async (queries: readonly ReferenceQuery[]) => {
        asked.push([...queries])
        return queries.map(({ nativeId }) => {
          const recordId = nativeId === undefined ? undefined : known[nativeId]
          return recordId === undefined ? undefined : { recordId, nativeId: nativeId ?? '' }
        })
      },
    },
  } as unknown as Parameters<typeof toStaged>[0]
}

describe('toStaged', () => {
  test('replaces native references by record ids, with one query per page, and leaves unknown ones out', async () => {
    const asked: ReferenceQuery[][] = []
    const page = [
      { nativeId: '1', native: { name: 'A', email: 'p1' }, version: '7' },
      { nativeId: '2', native: { name: 'B', email: 'p1' } },
      { nativeId: '3', native: { name: 'C', email: 'nobody' } },
    ]
    const staged = await toStaged(storeThatKnows({ p1: 'record-1' }, asked), place, page)
    expect(staged).toEqual([
      { nativeId: '1', digest: digestOf({ name: 'A', email: 'record-1' }) },
      { nativeId: '2', digest: digestOf({ name: 'B', email: 'record-1' }) },
      { nativeId: '3', digest: digestOf({ name: 'C' }) },
    ])
    expect(asked).toEqual([
      [
        { system: 'crm', entity: 'person', nativeId: 'p1' },
        { system: 'crm', entity: 'person', nativeId: 'nobody' },
      ],
    ])
  })

  test('stages a record that the mapping can not read without values, so that it is read by id', async () => {
    const page = [{ nativeId: '1', native: { broken: true } }]
    expect(await toStaged(storeThatKnows({}, []), place, page)).toEqual([
      { nativeId: '1', digest: digestOf({}) },
    ])
  })
})
