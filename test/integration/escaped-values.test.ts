/** A shop that stores what its API is sent with `&`, `<` and `>` escaped, declared by a normaliser of the mapping: over real HTTP and PostgreSQL. */
import { expect, test } from 'vitest'
import { recordOf, useJoinedSystems } from '../support/joined-systems.ts'
import { customerRecord } from '../support/two-systems.ts'

const { join } = useJoinedSystems()

test('a text is escaped once by the system, shown plainly to the other, and agreed after every edit', async () => {
  const systems = await join({
    inCrm: [{ ...customerRecord(1), name: 'R & D' }],
    inErp: [{ ...customerRecord(2), name: 'Cats &amp; Dogs' }],
    erp: { escapes: ['name'] },
    definition: {
      erpPart: {
        map: {
          ...{ code: 'code', email: 'email', phone: 'phone', city: 'city' },
          name: { path: 'name', normalize: ['escapeHtml'] },
        },
      },
    },
  })
  const names = (code: string) =>
    (['contacts', 'partners'] as const).map((side) => recordOf(systems[side], code).body.name)
  expect(names('C000001')).toEqual(['R & D', 'R &amp; D'])
  expect(names('C000002')).toEqual(['Cats & Dogs', 'Cats &amp; Dogs'])

  systems.contacts.patch(recordOf(systems.contacts, 'C000001').nativeId, { name: 'A < B & C' }, 'user')
  systems.partners.patch(recordOf(systems.partners, 'C000002').nativeId, { name: 'Mice &gt; Men' }, 'user')
  await systems.until('both edits', () => names('C000001')[1] === 'A &lt; B &amp; C')
  await systems.until('both edits', () => names('C000002')[0] === 'Mice > Men')
  await systems.quiet()
  const before = systems.writes()
  await systems.full()
  expect(systems.writes()).toBe(before)
  expect(names('C000001')).toEqual(['A < B & C', 'A &lt; B &amp; C'])
  expect(names('C000002')).toEqual(['Mice > Men', 'Mice &gt; Men'])
  const { admin } = systems.runtime().store
  expect((await admin.failures({ limit: 5 })).rows).toEqual([])
  expect((await admin.conflicts({ limit: 5 })).rows).toEqual([])
})
