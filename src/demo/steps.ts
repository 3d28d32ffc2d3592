/**
 * The steps of the demo's scenario. Each step simulates actions of users or faults of the network, waits, and
 * shows the result.
 */
import { agrees, compareSystems } from './compare.ts'
import type { ErpPartnerInput } from './erp.ts'
import { generateUser } from './people.ts'
import {
  addToCrm,
  deleteInCrm,
  editInCrm,
  expect,
  knownCustomer,
  knownPartner,
  lookInCrm,
  partnerOf,
  pause,
  type StepContext,
  until,
  untilQuiet,
} from './step-context.ts'

/**
 * The ERP's initial data: some of the CRM's customers in its own format, and two that the CRM does not have.
 */
export const partnersBefore: readonly ErpPartnerInput[] = [
  {
    name: 'Leanne Graham',
    mail: 'SINCERE@april.biz',
    telephone: '1-770-736-8031 x56442',
    creditLimit: '1500',
  },
  { name: 'Ervin Howell', mail: 'Shanna@melissa.tv', telephone: '+1 555 0100', creditLimit: '800.50' },
  { name: 'Clementine Bauch', mail: 'Nathan@yesenia.net', creditLimit: '0' },
  { name: 'Patricia Lebsack', mail: 'julianne.oconner@kory.org', creditLimit: '12000' },
  {
    name: 'Harbour Supplies',
    mail: 'orders@harbour.example',
    telephone: '+1 555 0101',
    city: 'Dover',
    street: '1 Quay',
    postalCode: '10001',
    creditLimit: '50000',
  },
  {
    name: 'Northern Paper Mill',
    mail: 'desk@mill.example',
    telephone: '+1 555 0102',
    city: 'Narvik',
    street: '9 Fjord Road',
    postalCode: '8514',
    creditLimit: '7500.25',
  },
]

async function firstLoad(context: StepContext): Promise<void> {
  const { narrator, erp, crm } = context
  narrator.step('First load: what exists on both sides is recognised, the rest is created')
  narrator.emit(
    `CRM: 10 customers at ${crm.url}/users. ERP: ${erp.partners().length} partners at ${erp.url}/partners, 4 of them the same people.`,
  )
  await until('all customers known to the ERP', () => erp.partners().length === 12)
  await untilQuiet(context)
  const found = await compareSystems(context)
  narrator.emit(
    `Matched 4 by e-mail, created 6 in the ERP and 2 in the CRM: ${erp.partners().length} partners, ${found.duplicates} duplicates.`,
  )
  const open = await context.engine.store.admin.conflicts({ limit: 10, state: 'open' })
  for (const conflict of open.rows) {
    const values = conflict.candidates
      .map((candidate) => `${candidate.system}: ${JSON.stringify(candidate.value)}`)
      .join(', ')
    narrator.emit(
      `The two disagree about ${conflict.field} (${values}). The definition says a person decides; the CRM's is right.`,
    )
    await context.engine.store.admin.resolveConflict(conflict.id, { system: 'crm' }, 'demo')
  }
  context.engine.store.wake()
  await untilAgreed(context)
}

async function untilAgreed(context: StepContext): Promise<void> {
  await untilQuiet(context)
  await until('both systems equal', async () => agrees(await compareSystems(context)), 500)
}

async function editsOnBothSides(context: StepContext): Promise<void> {
  const { narrator } = context
  narrator.step('Edits on both sides')
  const customer = await knownCustomer(context, 'Karley_Dach@jasper.info')
  narrator.emit(
    'In the CRM, Dennis Schulist gets a new website. In the ERP, his credit limit is raised and he moves to Bergen.',
  )
  await editInCrm(context, customer.id, { website: 'schulist.example' })
  const { partnerNumber } = knownPartner(context, 'Karley_Dach@jasper.info')
  context.erp.edit(partnerNumber, { creditLimit: '2500.5', city: 'Bergen' })
  await until(
    'the website in the ERP',
    () => knownPartner(context, 'Karley_Dach@jasper.info').webPage === 'schulist.example',
  )
  await until(
    'the city in the CRM',
    async () => (await lookInCrm(context, customer.id))?.address?.city === 'Bergen',
  )
  narrator.emit(
    'Each side has both changes: the decimals of the ERP (text) and of the CRM (number) are one value.',
  )
  expect(context, 'edits on both sides are in both systems', ({ crm, erp }) => {
    const email = 'karley_dach@jasper.info'
    return (
      erp.get(email)?.webPage === 'schulist.example' &&
      crm.get(email)?.address?.city === 'Bergen' &&
      Number(crm.get(email)?.creditLimit) === 2500.5
    )
  })
  const long = 'The Worshipful Company of Mapmakers, Navigators and Instrument Engravers'
  narrator.emit(`A customer is renamed to "${long}". The ERP holds 40 characters.`)
  const renamed = await knownCustomer(context, 'Telly.Hoeger@billy.biz')
  await editInCrm(context, renamed.id, { name: long })
  await until(
    'the name in the ERP',
    () => knownPartner(context, 'Telly.Hoeger@billy.biz').name === long.slice(0, 40).trimEnd(),
  )
  await untilQuiet(context)
  narrator.emit('The ERP has its 40 characters, the CRM keeps all of them, and nobody writes any more.')
  expect(
    context,
    'the long name is whole in the CRM',
    ({ crm }) => crm.get('telly.hoeger@billy.biz')?.name === long,
  )
}

async function concurrentEdit(context: StepContext): Promise<void> {
  const { narrator } = context
  narrator.step('The same field, edited on both sides at the same time')
  const email = 'Sherwood@rosamond.me'
  const customer = await knownCustomer(context, email)
  const { partnerNumber } = knownPartner(context, email)
  narrator.emit('CRM: Nicholas becomes "Nick Runolfsdottir". ERP, at the same moment: "N. Runolfsdottir V".')
  // The ERP's edit comes first: it has no webhooks, so the edit is not known yet when the CRM's edit is taken
  // over a moment later.
  context.erp.edit(partnerNumber, { name: 'N. Runolfsdottir V' })
  await editInCrm(context, customer.id, { name: 'Nick Runolfsdottir' })
  await until('one name in both systems', async () => {
    const user = await lookInCrm(context, customer.id)
    return user?.name === knownPartner(context, email).name && user?.name === 'N. Runolfsdottir V'
  })
  narrator.emit(
    "The definition prefers the ERP. The CRM's value is kept in the conflict record, not lost: `isthmus conflicts list --all`.",
  )
  expect(
    context,
    'the preferred name is in both systems',
    ({ crm, erp }) =>
      crm.get(email.toLowerCase())?.name === 'N. Runolfsdottir V' &&
      erp.get(email.toLowerCase())?.name === 'N. Runolfsdottir V',
  )
}

async function deletion(context: StepContext): Promise<void> {
  const { narrator } = context
  narrator.step('A deletion')
  const email = 'Rey.Padberg@karina.biz'
  const customer = await knownCustomer(context, email)
  narrator.emit(
    'Clementina DuBuque is deleted in the CRM. One missing record proves nothing, so Isthmus looks twice before it follows.',
  )
  await deleteInCrm(context, customer.id)
  await until('the partner deleted in the ERP', () => partnerOf(context, email) === undefined)
  narrator.emit('Gone in the ERP too, after a second look and a check that others still answer.')
  expect(
    context,
    'the deleted customer is in neither system',
    ({ crm, erp }) => !crm.has(email.toLowerCase()) && !erp.has(email.toLowerCase()),
  )
}

async function outage(context: StepContext): Promise<void> {
  const { narrator } = context
  narrator.step('The ERP is down')
  const emails = ['Sincere@april.biz', 'Nathan@yesenia.net', 'Lucio_Hettinger@annie.ca']
  const customers = await Promise.all(emails.map((email) => knownCustomer(context, email)))
  context.erp.outage(true)
  narrator.emit('While it responds with 503 to everything, three customers are edited in the CRM.')
  for (const [index, customer] of customers.entries())
    await editInCrm(context, customer.id, { website: `during-outage-${index}.example` })
  await pause(3000)
  context.erp.outage(false)
  narrator.emit('The ERP is back.')
  await until('all three edits in the ERP', () =>
    emails.every((email, index) => knownPartner(context, email).webPage === `during-outage-${index}.example`),
  )
  narrator.emit('It was probed, not hammered; every edit arrived once it answered.')
  expect(context, 'edits made during the outage are in the ERP', ({ erp }) =>
    emails.every(
      (email, index) => erp.get(email.toLowerCase())?.webPage === `during-outage-${index}.example`,
    ),
  )
}

async function lostResponse(context: StepContext): Promise<void> {
  const { narrator } = context
  narrator.step('A create whose response is lost')
  const user = { ...generateUser(0), name: 'Lost & Found Ltd', email: 'desk@lost-and-found.example' }
  context.erp.loseNextCreateResponse()
  narrator.emit(
    'A new customer in the CRM. The ERP creates the partner, but the connection breaks before it can say so.',
  )
  await addToCrm(context, user)
  await until('the partner in the ERP', () => partnerOf(context, user.email) !== undefined)
  narrator.emit(
    'Sending it again would make a second one. Isthmus waits until the request can take no more effect, searches for its mark, and adopts what it finds.',
  )
  await untilQuiet(context)
  const count = context.erp.partners().filter((partner) => partner.mail === user.email).length
  narrator.emit(`Partners with that address: ${count}.`)
  expect(
    context,
    'the create whose response was lost exists once',
    ({ erp, duplicates }) => duplicates === 0 && erp.has(user.email),
  )
}

const senders = 16

async function load(context: StepContext): Promise<void> {
  const { narrator, loadSize } = context
  narrator.step(`${loadSize.toLocaleString('en')} new customers`)
  const before = context.erp.partners().length
  const started = performance.now()
  let next = 1
  const add = async (): Promise<void> => {
    while (next <= loadSize) {
      const number = next
      next += 1
      await addToCrm(context, generateUser(number))
    }
  }
  const adding = Promise.all(Array.from({ length: senders }, add))
  const arrived = (): number => context.erp.partners().length - before
  await until(
    'all new customers in the ERP',
    () => {
      narrator.progress(
        `${arrived().toLocaleString('en')} of ${loadSize.toLocaleString('en')} have arrived in the ERP`,
      )
      return arrived() >= loadSize
    },
    250,
  )
  await adding
  await untilQuiet(context)
  const seconds = (performance.now() - started) / 1000
  narrator.emit(
    `All in the ERP after ${seconds.toFixed(1)} s, both systems' own time included (${Math.round(loadSize / seconds)} a second).`,
  )
}

const probesMax = 40

/**
 * Measures single sequential edits, alternating between the systems, until the other system shows them. Each
 * edit is on a different customer, because the oscillation breaker stops a field that two systems change
 * repeatedly in turn.
 */
async function stopwatch(context: StepContext): Promise<void> {
  const { narrator } = context
  narrator.step('How long does one edit take?')
  const probes = Math.min(probesMax, context.loadSize)
  const { crm } = await compareSystems(context)
  for (let probe = 0; probe < probes; probe += 1) {
    const { email } = generateUser(probe + 1)
    const id = crm.get(email)?.id ?? ''
    const website = `probe-${probe}.example`
    const fromCrm = probe % 2 === 0
    if (fromCrm) await editInCrm(context, id, { website })
    else context.erp.edit(knownPartner(context, email).partnerNumber, { webPage: website })
    const started = performance.now()
    const arrived = async (): Promise<boolean> =>
      fromCrm
        ? knownPartner(context, email).webPage === website
        : (await lookInCrm(context, id))?.website === website
    await until(`edit ${probe} in the other system`, arrived, 2)
    context.latencies.push(performance.now() - started)
    expect(
      context,
      `edit ${probe} of the stopwatch is in both systems`,
      (end) => end.crm.get(email)?.website === website && end.erp.get(email)?.webPage === website,
    )
  }
  const median = (remainder: number): string => {
    const sorted = context.latencies.filter((_, index) => index % 2 === remainder).sort((a, b) => a - b)
    return `${Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0)} ms`
  }
  narrator.emit(
    `CRM → ERP by webhook: ${median(0)} (median). ERP → CRM by asking once a second: ${median(1)}.`,
  )
}

/** The steps, in order. */
export const steps: readonly ((context: StepContext) => Promise<void>)[] = [
  firstLoad,
  editsOnBothSides,
  concurrentEdit,
  deletion,
  outage,
  lostResponse,
  load,
  stopwatch,
]
