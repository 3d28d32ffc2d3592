/** Values that a system keeps unique: handed on from one record to another, and swapped, over real HTTP and PostgreSQL. */
import { expect, test } from 'vitest'
import { type JoinedSystems, recordOf, useJoinedSystems } from '../support/joined-systems.ts'
import { customerRecord } from '../support/two-systems.ts'

const { join } = useJoinedSystems()

const codes = ['C000001', 'C000002', 'C000003'] as const
const addressOf = (n: number): string => String(customerRecord(n).email)

/** The ERP refuses an address that another of its records has. */
async function joined(): Promise<JoinedSystems> {
  return join({ inCrm: [1, 2, 3].map((n) => customerRecord(n)), erp: { unique: 'email' } })
}

function addressesIn(systems: JoinedSystems, side: 'contacts' | 'partners'): readonly unknown[] {
  return codes.map((code) => recordOf(systems[side], code).body.email)
}

/** Gives the CRM's records the addresses, in this order and without a pause. */
function assign(systems: JoinedSystems, addresses: readonly string[]): void {
  for (const [index, email] of addresses.entries()) {
    const { nativeId, body } = recordOf(systems.contacts, codes[index] ?? '')
    if (body.email !== email) systems.contacts.patch(nativeId, { email }, 'user')
  }
}

async function expectAgreed(systems: JoinedSystems, addresses: readonly string[]): Promise<void> {
  await systems.until('the addresses', () =>
    addresses.every((one, n) => addressesIn(systems, 'partners')[n] === one),
  )
  await systems.quiet()
  expect(addressesIn(systems, 'contacts')).toEqual(addresses)
  expect(addressesIn(systems, 'partners')).toEqual(addresses)
  const { admin } = systems.runtime().store
  expect((await admin.failures({ limit: 5 })).rows).toEqual([])
  expect((await admin.conflicts({ limit: 5 })).rows).toEqual([])
}

test('a value that is handed on arrives, whichever write comes first', async () => {
  const systems = await joined()
  const addresses = [addressOf(2), addressOf(3), 'new@example.org']
  assign(systems, addresses)
  await expectAgreed(systems, addresses)
})

test('values that are swapped arrive, and no temporary value leaves the system', async () => {
  const systems = await joined()
  const addresses = [addressOf(2), addressOf(1), addressOf(3)]
  assign(systems, addresses)
  await expectAgreed(systems, addresses)
  const written = systems.contacts.changes.filter(({ by }) => by === 'engine')
  expect(written).toEqual([])
})

test('values that three records exchange arrive although the process ends in between', async () => {
  const systems = await joined()
  const addresses = [addressOf(2), addressOf(3), addressOf(1)]
  assign(systems, addresses)
  await systems.until('a temporary value', () =>
    addressesIn(systems, 'partners').some((email) => !codes.some((_, n) => addressOf(n + 1) === email)),
  )
  await systems.restart()
  await expectAgreed(systems, addresses)
})
