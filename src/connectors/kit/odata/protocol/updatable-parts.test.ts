import { expect, test } from 'vitest'
import type { EdmProperty, ServiceModel, StructuredType } from '../metadata/model.ts'
import { withoutFixedParts } from './updatable-parts.ts'

function property(
  name: string,
  type: string,
  more: Partial<EdmProperty> = {},
): readonly [string, EdmProperty] {
  const plain = {
    isCollection: false,
    nullable: true,
    creatable: true,
    updatable: true,
    filterable: true,
    isDay: false,
  }
  return [name, { name, type, ...plain, ...more }]
}

function structured(name: string, ...properties: (readonly [string, EdmProperty])[]): StructuredType {
  return { name, key: [], properties: new Map(properties), navigations: new Map() }
}

const geo = structured(
  'S.Geo',
  property('lat', 'Edm.Double'),
  property('zone', 'Edm.String', { updatable: false }),
)
const address = structured(
  'S.Address',
  property('city', 'Edm.String'),
  property('checkedAt', 'Edm.DateTimeOffset', { updatable: false }),
  property('geo', 'S.Geo'),
)
const partner = structured(
  'S.Partner',
  property('number', 'Edm.String', { updatable: false }),
  property('address', 'S.Address'),
  property('others', 'S.Address', { isCollection: true }),
)
const model: ServiceModel = {
  version: 4,
  sets: new Map(),
  types: new Map([geo, address, partner].map((type) => [type.name, type])),
}

test('parts of complex properties that are not updatable are not sent back; the record’s own properties are', () => {
  const full = { city: 'Bern', checkedAt: '2026-01-01T00:00:00Z', geo: { lat: 1, zone: 'CET' }, unknown: 1 }
  const kept = { city: 'Bern', geo: { lat: 1 }, unknown: 1 }
  expect(
    withoutFixedParts(model, partner, { number: '1', address: full, others: [full, null], free: [1] }),
  ).toEqual({
    number: '1',
    address: kept,
    others: [kept, null],
    free: [1],
  })
})
