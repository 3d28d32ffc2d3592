/** Lenses of fields that become known by a write, after the definition has changed. */
import { describe, expect, test } from 'vitest'
import type { Member } from '../../model/state.ts'
import type { StoredLensSet } from '../../store/contract.ts'
import { createLensBook } from '../observe/lens-book.ts'
import { type LensContext, outdatedFields, withFirstLenses } from './lens-change.ts'

const place = { system: 'erp', entity: 'customer' }
const set = { ...place, joinedAt: 0, scope: '', digest: '', legacy: false }
const older: StoredLensSet = { ...set, id: 1, fields: { name: 'n.1' }, current: false }
const newer: StoredLensSet = {
  ...set,
  id: 2,
  fields: { name: 'n.1', fax: 'f.1' },
  current: true,
}
const part = { fields: new Map(['name', 'fax'].map((name) => [name, {}])) }
const context = {
  lenses: createLensBook([older, newer]),
  integration: { entities: new Map([['customer', { systems: new Map([['erp', part]]) }]]) },
} as unknown as LensContext

/** A create under the earlier definition is in doubt. */
const member: Member = {
  ...place,
  recordId: 'r1',
  state: 'absent',
  lens: 1,
  fields: { name: { acked: 0, own: [{ value: 'Ada', rev: 1, notAfter: 5 }] } },
  asof: 0,
  lane: { state: 'open' },
  laneAttempts: 0,
}

describe('a write of a field that the earlier definition did not have', () => {
  const fields = {
    name: { acked: 1, shadow: 'Ada' },
    fax: { acked: 2, shadow: '12', own: [{ value: '12', rev: 2, notAfter: 9 }] },
  }

  test('is not attributed to another lens', () => {
    const update = withFirstLenses(context, member, { system: 'erp', state: 'linked', fields })
    const written = { ...member, fields: { ...member.fields, ...update.fields } }
    expect(update.fields?.fax).toEqual({ ...fields.fax, lens: 'f.1' })
    expect([...outdatedFields(context, written).keys()]).toEqual([])
  })

  test('leaves the lens of earlier known fields unchanged', () => {
    const update = withFirstLenses(context, member, { system: 'erp', fields })
    expect(update.fields?.name).toEqual(fields.name)
    expect(update.lens).toBeUndefined()
  })

  test('assigns the current set to a member without any known field', () => {
    const update = withFirstLenses(context, { ...member, fields: {} }, { system: 'erp', fields })
    expect(update).toEqual({ system: 'erp', fields, lens: 2 })
  })
})
