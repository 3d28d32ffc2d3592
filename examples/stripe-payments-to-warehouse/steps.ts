/** Simulated actions of the shop and Stripe, and faults of the network. */
import { signedDelivery } from '../../test/support/stripe/webhook-endpoint.ts'
import type { Step, StepContext } from '../harness/run-example.ts'
import { inUnits } from './audit.ts'
import type { Payments, Row, Table } from './systems.ts'

type PaymentScene = StepContext<Payments>

const currencies = ['eur', 'jpy', 'usd', 'kwd'] as const
const countries = ['DE', 'JP', 'US', 'KW'] as const

async function row({ systems }: PaymentScene, table: Table, id: string): Promise<Row | undefined> {
  return (await systems.rows(table)).find((one) => one.stripe_id === id)
}

/** Waits until a column of a row is as given. */
function arrived(context: PaymentScene, table: Table, id: string, wanted: Readonly<Record<string, unknown>>) {
  return context.until(`${JSON.stringify(wanted)} of ${id}`, async () => {
    const found = await row(context, table, id)
    return found !== undefined && Object.entries(wanted).every(([column, value]) => found[column] === value)
  })
}

/** How often the list of events was read so far. */
const eventReads = ({ systems }: PaymentScene): number =>
  systems.account.seen.filter(({ method, url }) => method === 'GET' && url.startsWith('/v1/events')).length

/** The money is there: a step of the payment, and its charge. */
function succeed({ account }: Payments, id: string): string {
  const native = account.account.objects.get(id)?.native ?? {}
  const { amount, currency, customer } = native
  account.change(id, { status: 'succeeded', amount_received: amount }, 'payment_intent.succeeded')
  return account.insert('charges', { amount, currency, customer, payment_intent: id })
}

function pay(systems: Payments, n: number, customer: string): string {
  const amount = 1_000 + n * 7
  return systems.account.insert('payment_intents', { amount, currency: currencies[n % 4], customer })
}

/** Before Isthmus: customers of four countries, each with a payment in the currency of the country; three of four were paid. */
export function fill(systems: Payments, records: number): void {
  for (let n = 0; n < records; n += 1) {
    const customer = systems.account.insert('customers', {
      name: `Customer ${n}`,
      email: `c${n}@example.org`,
      address: n % 5 === 0 ? null : { country: countries[n % 4] },
    })
    const payment = pay(systems, n, customer)
    if (n % 4 !== 3 || n % 8 === 3) succeed(systems, payment)
  }
}

const firstLoad: Step<Payments> = {
  title: 'First load: everything that Stripe has becomes a row',
  run: async (context) => {
    await context.settled()
    const counted = await context.systems.warehouse.query<{ currency: string; n: string; sum: string }>(
      'select currency, count(*) as n, sum(amount)::text as sum from payments group by currency order by currency',
    )
    for (const { currency, n, sum } of counted) context.say(`${n} payments in ${currency}: ${sum}`)
    context.say(
      'Yen have no fractions, dinars have three digits; Stripe counts all of them as whole numbers.',
    )
    const large = context.systems.account.insert('payment_intents', {
      amount: 99_999_999_999_999,
      currency: 'eur',
    })
    await arrived(context, 'payments', large, { amount: '999999999999.990' })
    context.say('99999999999999 cents are 999999999999.990 in the warehouse, to the last digit.')
  },
}

const webhooks: Step<Payments> = {
  title: 'Webhooks: signed, doubled, in the wrong order',
  run: async (context) => {
    const { systems } = context
    const customer = await toldAtOnce(context)
    context.say('A customer is there moments after Stripe told of it, before any list was asked for.')
    systems.endpoint.held = true
    systems.endpoint.duplicate = 3
    const payment = pay(systems, 1, customer)
    const charge = succeed(systems, payment)
    context.say('A payment, its success and its charge are told in reverse, and each of them twice.')
    systems.endpoint.release((events) => events.toReversed())
    await arrived(context, 'charges', charge, { payment, refunded: '0.000' })
    await arrived(context, 'payments', payment, { status: 'succeeded', received: inUnits(1_007, 'jpy') })
    context.say('The charge waited for its payment: the warehouse has a foreign key there.')
    systems.account.change(charge, { amount_refunded: 7, refunded: false }, 'charge.refunded')
    await arrived(context, 'charges', charge, { refunded: '7.000' })
    const event = systems.account.account.events.at(-1)
    if (event === undefined) throw new RangeError('Stripe told of nothing')
    const forged = signedDelivery(event, { secrets: ['whsec_of_somebody_else'] })
    const response = await fetch(systems.hook, { method: 'POST', ...forged })
    context.say(`A delivery that somebody else signed is answered with ${response.status}.`)
  },
}

/** Makes a customer that gets there by its webhook alone; the list of events may be read at any moment, so it is tried a few times. */
async function toldAtOnce(context: PaymentScene): Promise<string> {
  for (let attempt = 1; attempt <= 10; attempt += 1) {
    const reads = eventReads(context)
    const name = `Quick ${attempt}`
    const id = context.systems.account.insert('customers', { name, email: `quick${attempt}@example.org` })
    await arrived(context, 'customers', id, { name })
    if (eventReads(context) === reads) return id
  }
  throw new RangeError('no customer came by a webhook alone')
}

const lostWebhook: Step<Payments> = {
  title: 'A webhook that never arrives is made up for by the list of events',
  run: async (context) => {
    const { systems } = context
    const customer = systems.account.insert('customers', { name: 'Unheard', email: 'unheard@example.org' })
    await context.settled()
    systems.endpoint.lose = 3
    const lost = systems.endpoint.undelivered.length
    const reads = eventReads(context)
    const payment = pay(systems, 4, customer)
    const charge = succeed(systems, payment)
    context.say(
      `Stripe told of a payment ${systems.endpoint.undelivered.length - lost} times, and nobody heard it. It does not say so again.`,
    )
    await arrived(context, 'payments', payment, { status: 'succeeded' })
    await arrived(context, 'charges', charge, { payment })
    context.say(
      `The list of events was read (${eventReads(context) - reads} times since), and payment and charge are there.`,
    )
    if (eventReads(context) === reads) throw new RangeError('nobody read the list of events')
  },
}

const storedFailure: Step<Payments> = {
  title: "The shop's payment ends in a stored 500, which is played again",
  run: async (context) => {
    const { systems } = context
    const before = systems.objects('payments').length
    systems.account.failNext({ method: 'POST', takesEffect: true })
    const idempotencyKey = 'order-4711'
    const attempt = () =>
      systems.shop.paymentIntents.create({ amount: 1_299, currency: 'jpy' }, { idempotencyKey }).then(
        () => 'a payment',
        (error: { readonly statusCode?: number }) => `a ${error.statusCode}`,
      )
    const responses = [await attempt(), await attempt()]
    context.say(
      `The shop asks for a payment, twice under the same key, and is given ${responses.join(', then ')}.`,
    )
    await context.settled()
    context.say(
      `Stripe has ${systems.objects('payments').length - before} more payment all the same, and so has the warehouse.`,
    )
  },
}

const faults: Step<Payments> = {
  title: 'Restarts, limits, a lost response, and a killed Isthmus',
  run: async (context) => {
    const { systems } = context
    const buy = (n: number): string => {
      const id = systems.account.insert('customers', { name: `Late ${n}`, email: `late${n}@example.org` })
      return succeed(systems, pay(systems, n, id))
    }
    context.say('Stripe says "too many", "locked" and "error"; its API is restarted.')
    systems.account.limitNext('GET')
    systems.account.lockNext('GET')
    systems.account.failNext({ method: 'GET', takesEffect: false })
    for (let n = 0; n < 10; n += 1) buy(n)
    const stripeAway = systems.accountFront.restart(3_000)
    for (let n = 10; n < 20; n += 1) buy(n)
    await stripeAway
    await context.settled()
    context.say('The warehouse takes a row and its response is lost; then it is restarted.')
    systems.warehouse.faults.loseNextResponse({ method: 'POST' })
    for (let n = 20; n < 30; n += 1) buy(n)
    const warehouseAway = systems.warehouse.front.restart(3_000)
    for (let n = 30; n < 40; n += 1) buy(n)
    await warehouseAway
    context.say('Isthmus is killed; what Stripe tells meanwhile is lost.')
    for (let n = 40; n < 50; n += 1) buy(n)
    await context.killAndRestart()
    for (let n = 50; n < 60; n += 1) buy(n)
    await context.settled()
    context.say('Sixty customers, payments and charges more, on both sides.')
  },
}

const corrections: Step<Payments> = {
  title: 'One way: the warehouse is corrected, Stripe never',
  run: async (context) => {
    const { systems } = context
    const [first] = await systems.rows('payments')
    if (first === undefined) throw new RangeError('the warehouse is empty')
    context.say('Somebody doubles an amount in the warehouse. It is put right again.')
    await systems.warehouse.query('update payments set amount = 2 * amount where stripe_id = $1', [
      first.stripe_id,
    ])
    await arrived(context, 'payments', first.stripe_id, { amount: first.amount })
    const customer = systems.account.insert('customers', { name: 'Leaving', email: 'leaving@example.org' })
    await arrived(context, 'customers', customer, { deleted_at: null })
    systems.account.remove(customer)
    await context.until(
      'the mark of the deleted one',
      async () => (await row(context, 'customers', customer))?.deleted_at != null,
    )
    context.say('A customer who was deleted at Stripe is marked as deleted in the warehouse, not removed.')
    const writes = systems.account.seen.filter(
      ({ method, headers }) => method !== 'GET' && !isOfShop(headers),
    )
    if (writes.length > 0) throw new RangeError(`Isthmus wrote to Stripe: ${writes[0]?.url}`)
  },
}

/** Stripe's own client says who it is. */
function isOfShop(headers: Readonly<Record<string, unknown>>): boolean {
  return headers['x-stripe-client-user-agent'] !== undefined
}

export const steps: readonly Step<Payments>[] = [
  firstLoad,
  webhooks,
  lostWebhook,
  storedFailure,
  faults,
  corrections,
]
