/** Unmapped data survives every write, from the definition to the requests: beside nested properties, and inside the elements of lists. */
import { expect, test, vi } from 'vitest'
import type { FakeResource } from '../support/fake-system/fake-resource.ts'
import type { Native } from '../support/fake-system/remote-table.ts'
import { recordOf, useJoinedSystems } from '../support/joined-systems.ts'

const { join } = useJoinedSystems()

const fields = { code: { type: 'string', required: true }, city: 'string' }
const nestedCity = { code: 'code', city: 'profile.city' }
const match = [{ exact: ['code'] }]

/** Bodies of the engine's updates of a resource; `first` runs before the first of them takes effect, like a faster user. */
function updatesOf(resource: FakeResource, first?: () => void): Native[] {
  const bodies: Native[] = []
  const write = resource.write.bind(resource)
  vi.spyOn(resource, 'write').mockImplementation((nativeId, body, how, ifMatch) => {
    if (bodies.push(body) === 1) first?.()
    return write(nativeId, body, how, ifMatch)
  })
  return bodies
}

const update = (changes: object) => ({ write: { with: 'patch', returns: 'body+version', ...changes } })

test("a system that merges nested objects gets only the changed leaf, and a concurrent user's unmapped edit stays", async () => {
  const it = await join({
    erp: { write: 'patch', conditional: 'none' },
    definition: {
      customer: { fields, match },
      crmPart: { map: nestedCity },
      erpPart: { map: nestedCity },
      erpResource: { version: undefined, ...update({ nested: 'merge', returns: 'body' }) },
    },
    inCrm: [{ code: 'A', profile: { city: 'Bonn' } }],
    inErp: [{ code: 'A', profile: { city: 'Bonn', notes: 'old', score: 1 } }],
  })
  const partner = recordOf(it.partners, 'A')
  const bodies = updatesOf(it.erp.resource('partners'), () =>
    it.partners.patch(partner.nativeId, { profile: { city: 'Bonn', notes: 'new', score: 1 } }, 'user'),
  )
  it.contacts.patch(recordOf(it.contacts, 'A').nativeId, { profile: { city: 'Bern' } }, 'user')
  await it.until('the city is there', () => bodies.length > 0)
  await it.quiet()
  expect(bodies).toEqual([{ profile: { city: 'Bern' } }])
  expect(recordOf(it.partners, 'A').body.profile).toEqual({ city: 'Bern', notes: 'new', score: 1 })
})

test('a system that replaces nested objects gets the siblings of a fresh read under its version, except what it does not accept back', async () => {
  const it = await join({
    erp: { write: 'patch', nested: 'replace' },
    definition: {
      customer: { fields, match },
      crmPart: { map: nestedCity },
      erpPart: { map: nestedCity },
      erpResource: update({ nested: 'replace', omit: ['id', 'profile.score'] }),
    },
    inCrm: [{ code: 'A', profile: { city: 'Bonn' } }],
    inErp: [{ code: 'A', profile: { city: 'Bonn', notes: 'old', score: 1 } }],
  })
  const partner = recordOf(it.partners, 'A')
  const bodies = updatesOf(it.erp.resource('partners'), () =>
    it.partners.patch(partner.nativeId, { profile: { city: 'Bonn', notes: 'new', score: 2 } }, 'user'),
  )
  it.contacts.patch(recordOf(it.contacts, 'A').nativeId, { profile: { city: 'Bern' } }, 'user')
  await it.until('the city is there', () => bodies.length > 1)
  await it.quiet()
  expect(bodies).toEqual([
    { profile: { city: 'Bern', notes: 'old' } },
    { profile: { city: 'Bern', notes: 'new' } },
  ])
  expect(recordOf(it.partners, 'A').body.profile).toEqual({ city: 'Bern', notes: 'new' })
})

const line = { type: 'group', fields: { sku: 'string', qty: 'integer' } }

test.each([
  ['patch', update({ nested: 'merge' })],
  ['put', { write: { with: 'put', returns: 'body+version', omit: ['id', 'version', 'updatedAt'] } }],
] as const)(
  'elements of a list keep their ids and what is not mapped in them through %s',
  async (how, erpResource) => {
    const it = await join({
      erp: { write: how, conditional: 'honoured' },
      definition: {
        customer: {
          fields: { code: { type: 'string', required: true }, lines: { type: 'list', of: line } },
          match,
        },
        crmPart: { map: { code: 'code', lines: 'lines' } },
        erpPart: { map: { code: 'code', lines: 'lines' } },
        erpResource,
      },
      inCrm: [
        {
          code: 'A',
          lines: [
            { sku: 'A', qty: 1 },
            { sku: 'B', qty: 2 },
          ],
        },
      ],
      inErp: [
        {
          code: 'A',
          lines: [
            { lineId: 800, tax: 'REDUCED', sku: 'A', qty: 1 },
            { lineId: 801, tax: 'STD', sku: 'B', qty: 2 },
          ],
        },
      ],
    })
    const [a, b] = [
      { lineId: 800, tax: 'REDUCED', sku: 'A', qty: 1 },
      { lineId: 801, tax: 'STD', sku: 'B' },
    ]
    const shop = recordOf(it.contacts, 'A').nativeId
    const after = async (lines: readonly Native[]): Promise<unknown> => {
      const writes = it.writes()
      it.contacts.patch(shop, { lines }, 'user')
      await it.until('the lines are there', () => it.writes() > writes)
      await it.quiet()
      return recordOf(it.partners, 'A').body.lines
    }
    expect(
      await after([
        { sku: 'A', qty: 1 },
        { sku: 'B', qty: 3 },
      ]),
    ).toEqual([a, { ...b, qty: 3 }])
    expect(
      await after([
        { sku: 'C', qty: 9 },
        { sku: 'B', qty: 3 },
        { sku: 'A', qty: 1 },
      ]),
    ).toEqual([{ sku: 'C', qty: 9 }, { ...b, qty: 3 }, a])
    expect(await after([{ sku: 'A', qty: 1 }])).toEqual([a])
    // The shop has no such properties, and gets none.
    expect(recordOf(it.contacts, 'A').body.lines).toEqual([{ sku: 'A', qty: 1 }])
  },
)

test('elements with a declared key and other names in each system', async () => {
  const lines = { type: 'list', of: line, key: 'sku' }
  const it = await join({
    definition: {
      customer: { fields: { code: { type: 'string', required: true }, lines }, match },
      crmPart: { map: { code: 'code', lines: 'lines' } },
      erpPart: {
        map: {
          code: 'code',
          lines: { path: 'positions', elements: { sku: 'article', qty: 'amount.value' } },
        },
      },
    },
    inCrm: [
      {
        code: 'A',
        lines: [
          { sku: 'A', qty: 1 },
          { sku: 'B', qty: 2 },
        ],
      },
    ],
    inErp: [
      {
        code: 'A',
        positions: [
          { no: 10, article: 'A', amount: { value: 1, unit: 'kg' } },
          { no: 20, article: 'B', amount: { value: 2, unit: 'g' } },
        ],
      },
    ],
  })
  expect(it.writes()).toBe(0)
  it.contacts.patch(
    recordOf(it.contacts, 'A').nativeId,
    {
      lines: [
        { sku: 'B', qty: 7 },
        { sku: 'X', qty: 1 },
      ],
    },
    'user',
  )
  await it.until('the lines are there', () => it.writes() > 0)
  await it.quiet()
  expect(recordOf(it.partners, 'A').body.positions).toEqual([
    { no: 20, article: 'B', amount: { value: 7, unit: 'g' } },
    { article: 'X', amount: { value: 1 } },
  ])
})
