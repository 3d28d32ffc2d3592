/** Responses about another record, and refusals with a success status: end to end from the definition to the systems over real HTTP. */
import { expect, test } from 'vitest'
import { recordOf, useJoinedSystems } from '../support/joined-systems.ts'
import { customerRecord } from '../support/two-systems.ts'

const { join } = useJoinedSystems()
type Joined = Awaited<ReturnType<typeof join>>

const failuresOf = async (joined: Joined) => (await joined.runtime().store.admin.failures({ limit: 10 })).rows

async function joinThree(
  definition: NonNullable<Parameters<typeof join>[0]>['definition'] = {},
): Promise<Joined> {
  const joined = await join({ inCrm: [1, 2, 3].map((n) => customerRecord(n)), definition })
  await joined.until('all three are linked', () => joined.partners.size === 3)
  await joined.quiet()
  return joined
}

/** Every call to a record of the CRM gets a response about another one, as from a proxy that mixes up responses, or after a merge. */
function respondsWith(
  joined: Joined,
  nativeId: string,
  other: string,
  method?: string,
  times?: number,
): void {
  const body = { ...joined.contacts.current(other)?.body, id: other, version: 1_000 }
  const faulty = { kind: 'status', status: 200, path: `/contacts/${nativeId}$`, body } as const
  joined.crm.fault({ ...faulty, ...(method && { method }), ...(times && { times }) })
}

test('a record whose reads respond with another one is neither read into nor written, and this is reported', async () => {
  const joined = await joinThree()
  const [one, two] = [
    recordOf(joined.contacts, 'C000001').nativeId,
    recordOf(joined.contacts, 'C000002').nativeId,
  ]
  respondsWith(joined, two, one)
  joined.contacts.patch(two, { city: 'elsewhere' }, 'user')
  await joined.until('the wrong response is told', async () =>
    (await failuresOf(joined)).some(({ code }) => code === 'CONNECTOR_OTHER_RECORD'),
  )
  const before = joined.writes()
  joined.partners.patch(recordOf(joined.partners, 'C000002').nativeId, { phone: '999' }, 'user')
  joined.contacts.patch(two, { city: 'and again' }, 'user')
  await joined.until('it is asked for more than once', () => joined.crm.countCalls('GET', /contacts\/2$/) > 3)
  expect(joined.writes()).toBe(before)
  expect(recordOf(joined.partners, 'C000002').body).toMatchObject({ email: 'customer2@example.org' })
  expect(recordOf(joined.contacts, 'C000001').body).toMatchObject({ phone: '+49 30 100001' })
  expect(joined.partners.size).toBe(3)
  joined.crm.faults.clear()
  await joined.until(
    'the failure closes with the first right response',
    async () => (await failuresOf(joined)).length === 0,
  )
  await joined.until('the edits go on', () => recordOf(joined.contacts, 'C000002').body?.phone === '999')
})

test('a system that is declared to redirect reveals a merge: the record is followed, and nothing is deleted', async () => {
  const joined = await joinThree({ crmResource: { redirects: true } })
  const [one, two] = [
    recordOf(joined.contacts, 'C000001').nativeId,
    recordOf(joined.contacts, 'C000002').nativeId,
  ]
  respondsWith(joined, two, one)
  joined.contacts.patch(two, { city: 'elsewhere' }, 'user')
  await joined.until('the merge is followed', () =>
    joined.events.some(({ type }) => type === 'MembersMerged'),
  )
  await joined.quiet()
  expect(joined.partners.size).toBe(3)
  expect(recordOf(joined.contacts, 'C000001').body).toMatchObject({ phone: '+49 30 100001' })
})

test('an update with a response about another record stays open until a read has shown its effect', async () => {
  const joined = await joinThree({
    crmResource: { version: undefined, inflight: '300ms' },
    crmPart: { acceptRaceWindow: true },
  })
  const [one, two] = [
    recordOf(joined.contacts, 'C000001').nativeId,
    recordOf(joined.contacts, 'C000002').nativeId,
  ]
  respondsWith(joined, two, one, 'PATCH', 1)
  joined.partners.patch(recordOf(joined.partners, 'C000002').nativeId, { city: 'Rome' }, 'user')
  await joined.until('the outcome is in doubt', () =>
    joined.events.some(({ type }) => type === 'IntentInDoubt'),
  )
  await joined.until('the edit arrives', () => recordOf(joined.contacts, 'C000002').body?.city === 'Rome')
  await joined.quiet()
  expect(recordOf(joined.contacts, 'C000001').body?.city).toBe('City 1')
  expect(await failuresOf(joined)).toEqual([])
})

test('a write that is refused with a success status is a failure with the message of the system, and others continue', async () => {
  const joined = await joinThree()
  const nativeId = recordOf(joined.partners, 'C000002').nativeId
  const message = 'Credit limit exceeded for Rome: ask accounting'
  joined.erp.fault({
    kind: 'status',
    status: 200,
    method: 'PUT',
    path: `/partners/${nativeId}$`,
    body: { success: false, message },
  })
  joined.contacts.patch(recordOf(joined.contacts, 'C000002').nativeId, { city: 'Rome' }, 'user')
  joined.contacts.patch(recordOf(joined.contacts, 'C000003').nativeId, { city: 'Oslo' }, 'user')
  await joined.until('it is told', async () => (await failuresOf(joined)).length === 1)
  const [failure] = await failuresOf(joined)
  expect(failure).toMatchObject({ code: 'CONNECTOR_REPORTED_ERROR', system: 'erp' })
  expect(failure?.message).toContain('Credit limit exceeded for …: ask accounting')
  await joined.until(
    'its neighbour goes on',
    () => recordOf(joined.partners, 'C000003').body?.city === 'Oslo',
  )
  expect(joined.erp.countCalls('PUT', new RegExp(`/partners/${nativeId}$`)), 'not repeated').toBe(1)
  joined.erp.faults.clear()
  joined.contacts.patch(recordOf(joined.contacts, 'C000002').nativeId, { city: 'Turin' }, 'user')
  await joined.until('a new value goes', () => recordOf(joined.partners, 'C000002').body?.city === 'Turin')
})

test('a delete that is confirmed without effect is reported, and no system loses the record', async () => {
  const joined = await joinThree()
  const nativeId = recordOf(joined.partners, 'C000002').nativeId
  joined.erp.fault({
    kind: 'status',
    status: 200,
    method: 'DELETE',
    path: `/partners/${nativeId}$`,
    body: {},
  })
  joined.contacts.remove(recordOf(joined.contacts, 'C000002').nativeId, 'user')
  await joined.until('it is told', async () =>
    (await failuresOf(joined)).some(({ code }) => code === 'ENGINE_NOT_REMOVED'),
  )
  expect(joined.partners.size).toBe(3)
  expect(joined.erp.countCalls('DELETE', /partners/), 'looked at, not deleted again and again').toBe(1)
})

test('the filter of a resource applies to feeds, webhooks, reads and lists alike', async () => {
  const company = (n: number) => customerRecord(n, { kind: 'company' })
  const joined = await join({
    inCrm: [company(1), customerRecord(2, { kind: 'person' })],
    definition: { crmResource: { where: { kind: 'company' } } },
    webhooks: {},
  })
  joined.contacts.create(company(3), 'user')
  joined.contacts.create(customerRecord(4, { kind: 'person' }), 'user')
  await joined.until('the company arrives', () => joined.partners.size === 2)
  await joined.full()
  await joined.quiet()
  expect(
    [...joined.partners.nativeIds()]
      .map((nativeId) => joined.partners.current(nativeId)?.body?.code)
      .toSorted(),
  ).toEqual(['C000001', 'C000003'])
  // Leaves the filter: nothing is deleted, and nothing is synced any more.
  joined.contacts.patch(
    recordOf(joined.contacts, 'C000003').nativeId,
    { kind: 'person', city: 'Rome' },
    'user',
  )
  await joined.quiet()
  expect(recordOf(joined.partners, 'C000003').body?.city).toBe('City 3')
  joined.contacts.patch(recordOf(joined.contacts, 'C000004').nativeId, { kind: 'company' }, 'user')
  await joined.until('one that enters it arrives', () => joined.partners.size === 3)
})
