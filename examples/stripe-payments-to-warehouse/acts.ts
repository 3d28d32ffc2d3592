/** What the shop, Stripe and the network do. */
import { signedDelivery } from '../../test/support/stripe/webhook-endpoint.ts'
import type { Act, Scene } from '../stage/play.ts'
import { inUnits } from './audit.ts'
import type { Payments, Row, Table } from './cast.ts'

type PaymentScene = Scene<Payments>

const currencies = ['eur', 'jpy', 'usd', 'kwd'] as const
const countries = ['DE', 'JP', 'US', 'KW'] as const

async function row({ cast }: PaymentScene, table: Table, id: string): Promise<Row | undefined> {
  return (await cast.rows(table)).find((one) => one.stripe_id === id)
}

/** Waits until a column of a row is as given. */
function arrived(scene: PaymentScene, table: Table, id: string, wanted: Readonly<Record<string, unknown>>) {
  return scene.until(`${JSON.stringify(wanted)} of ${id}`, async () => {
    const found = await row(scene, table, id)
    return found !== undefined && Object.entries(wanted).every(([column, value]) => found[column] === value)
  })
}

/** How often the list of events was read so far. */
const eventReads = ({ cast }: PaymentScene): number =>
  cast.account.seen.filter(({ method, url }) => method === 'GET' && url.startsWith('/v1/events')).length

/** The money is there: a step of the payment, and its charge. */
function succeed({ account }: Payments, id: string): string {
  const native = account.account.objects.get(id)?.native ?? {}
  const { amount, currency, customer } = native
  account.change(id, { status: 'succeeded', amount_received: amount }, 'payment_intent.succeeded')
  return account.insert('charges', { amount, currency, customer, payment_intent: id })
}

function pay(cast: Payments, n: number, customer: string): string {
  const amount = 1_000 + n * 7
  return cast.account.insert('payment_intents', { amount, currency: currencies[n % 4], customer })
}

/** Before Isthmus: customers of four countries, each with a payment in the currency of the country; three of four were paid. */
export function fill(cast: Payments, records: number): void {
  for (let n = 0; n < records; n += 1) {
    const customer = cast.account.insert('customers', {
      name: `Customer ${n}`,
      email: `c${n}@example.org`,
      address: n % 5 === 0 ? null : { country: countries[n % 4] },
    })
    const payment = pay(cast, n, customer)
    if (n % 4 !== 3 || n % 8 === 3) succeed(cast, payment)
  }
}

const firstLoad: Act<Payments> = {
  title: 'First load: everything that Stripe has becomes a row',
  play: async (scene) => {
    await scene.settled()
    const counted = await scene.cast.warehouse.query<{ currency: string; n: string; sum: string }>(
      'select currency, count(*) as n, sum(amount)::text as sum from payments group by currency order by currency',
    )
    for (const { currency, n, sum } of counted) scene.say(`${n} payments in ${currency}: ${sum}`)
    scene.say('Yen have no fractions, dinars have three digits; Stripe counts all of them as whole numbers.')
    const large = scene.cast.account.insert('payment_intents', {
      amount: 99_999_999_999_999,
      currency: 'eur',
    })
    await arrived(scene, 'payments', large, { amount: '999999999999.990' })
    scene.say('99999999999999 cents are 999999999999.990 in the warehouse, to the last digit.')
  },
}

const webhooks: Act<Payments> = {
  title: 'Webhooks: signed, doubled, in the wrong order',
  play: async (scene) => {
    const { cast } = scene
    const customer = await toldAtOnce(scene)
    scene.say('A customer is there moments after Stripe told of it, before any list was asked for.')
    cast.endpoint.held = true
    cast.endpoint.duplicate = 3
    const payment = pay(cast, 1, customer)
    const charge = succeed(cast, payment)
    scene.say('A payment, its success and its charge are told in reverse, and each of them twice.')
    cast.endpoint.release((events) => events.toReversed())
    await arrived(scene, 'charges', charge, { payment, refunded: '0.000' })
    await arrived(scene, 'payments', payment, { status: 'succeeded', received: inUnits(1_007, 'jpy') })
    scene.say('The charge waited for its payment: the warehouse has a foreign key there.')
    cast.account.change(charge, { amount_refunded: 7, refunded: false }, 'charge.refunded')
    await arrived(scene, 'charges', charge, { refunded: '7.000' })
    const event = cast.account.account.events.at(-1)
    if (event === undefined) throw new RangeError('Stripe told of nothing')
    const forged = signedDelivery(event, { secrets: ['whsec_of_somebody_else'] })
    const answer = await fetch(cast.hook, { method: 'POST', ...forged })
    scene.say(`A delivery that somebody else signed is answered with ${answer.status}.`)
  },
}

/** Makes a customer that gets there by its webhook alone; the list of events may be read at any moment, so it is tried a few times. */
async function toldAtOnce(scene: PaymentScene): Promise<string> {
  for (let attempt = 1; attempt <= 10; attempt += 1) {
    const reads = eventReads(scene)
    const name = `Quick ${attempt}`
    const id = scene.cast.account.insert('customers', { name, email: `quick${attempt}@example.org` })
    await arrived(scene, 'customers', id, { name })
    if (eventReads(scene) === reads) return id
  }
  throw new RangeError('no customer came by a webhook alone')
}

const lostWebhook: Act<Payments> = {
  title: 'A webhook that never arrives is made up for by the list of events',
  play: async (scene) => {
    const { cast } = scene
    const customer = cast.account.insert('customers', { name: 'Unheard', email: 'unheard@example.org' })
    await scene.settled()
    cast.endpoint.lose = 3
    const lost = cast.endpoint.undelivered.length
    const reads = eventReads(scene)
    const payment = pay(cast, 4, customer)
    const charge = succeed(cast, payment)
    scene.say(
      `Stripe told of a payment ${cast.endpoint.undelivered.length - lost} times, and nobody heard it. It does not say so again.`,
    )
    await arrived(scene, 'payments', payment, { status: 'succeeded' })
    await arrived(scene, 'charges', charge, { payment })
    scene.say(
      `The list of events was read (${eventReads(scene) - reads} times since), and payment and charge are there.`,
    )
    if (eventReads(scene) === reads) throw new RangeError('nobody read the list of events')
  },
}

const storedFailure: Act<Payments> = {
  title: "The shop's payment ends in a stored 500, which is played again",
  play: async (scene) => {
    const { cast } = scene
    const before = cast.objects('payments').length
    cast.account.failNext({ method: 'POST', takesEffect: true })
    const idempotencyKey = 'order-4711'
    const attempt = () =>
      cast.shop.paymentIntents.create({ amount: 1_299, currency: 'jpy' }, { idempotencyKey }).then(
        () => 'a payment',
        (error: { readonly statusCode?: number }) => `a ${error.statusCode}`,
      )
    const answers = [await attempt(), await attempt()]
    scene.say(
      `The shop asks for a payment, twice under the same key, and is given ${answers.join(', then ')}.`,
    )
    await scene.settled()
    scene.say(
      `Stripe has ${cast.objects('payments').length - before} more payment all the same, and so has the warehouse.`,
    )
  },
}

const faults: Act<Payments> = {
  title: 'Restarts, limits, a lost answer, and a killed Isthmus',
  play: async (scene) => {
    const { cast } = scene
    const buy = (n: number): string => {
      const id = cast.account.insert('customers', { name: `Late ${n}`, email: `late${n}@example.org` })
      return succeed(cast, pay(cast, n, id))
    }
    scene.say('Stripe says "too many", "locked" and "error"; its API is restarted.')
    cast.account.limitNext('GET')
    cast.account.lockNext('GET')
    cast.account.failNext({ method: 'GET', takesEffect: false })
    for (let n = 0; n < 10; n += 1) buy(n)
    const stripeAway = cast.accountFront.restart(3_000)
    for (let n = 10; n < 20; n += 1) buy(n)
    await stripeAway
    await scene.settled()
    scene.say('The warehouse takes a row and its answer is lost; then it is restarted.')
    cast.warehouse.faults.loseNextAnswer({ method: 'POST' })
    for (let n = 20; n < 30; n += 1) buy(n)
    const warehouseAway = cast.warehouse.front.restart(3_000)
    for (let n = 30; n < 40; n += 1) buy(n)
    await warehouseAway
    scene.say('Isthmus is killed; what Stripe tells meanwhile is lost.')
    for (let n = 40; n < 50; n += 1) buy(n)
    await scene.killAndRestart()
    for (let n = 50; n < 60; n += 1) buy(n)
    await scene.settled()
    scene.say('Sixty customers, payments and charges more, on both sides.')
  },
}

const corrections: Act<Payments> = {
  title: 'One way: the warehouse is corrected, Stripe never',
  play: async (scene) => {
    const { cast } = scene
    const [first] = await cast.rows('payments')
    if (first === undefined) throw new RangeError('the warehouse is empty')
    scene.say('Somebody doubles an amount in the warehouse. It is put right again.')
    await cast.warehouse.query('update payments set amount = 2 * amount where stripe_id = $1', [
      first.stripe_id,
    ])
    await arrived(scene, 'payments', first.stripe_id, { amount: first.amount })
    const customer = cast.account.insert('customers', { name: 'Leaving', email: 'leaving@example.org' })
    await arrived(scene, 'customers', customer, { deleted_at: null })
    cast.account.remove(customer)
    await scene.until(
      'the mark of the deleted one',
      async () => (await row(scene, 'customers', customer))?.deleted_at != null,
    )
    scene.say('A customer who was deleted at Stripe is marked as deleted in the warehouse, not removed.')
    const writes = cast.account.seen.filter(({ method, headers }) => method !== 'GET' && !isOfShop(headers))
    if (writes.length > 0) throw new RangeError(`Isthmus wrote to Stripe: ${writes[0]?.url}`)
  },
}

/** Stripe's own client says who it is. */
function isOfShop(headers: Readonly<Record<string, unknown>>): boolean {
  return headers['x-stripe-client-user-agent'] !== undefined
}

export const acts: readonly Act<Payments>[] = [
  firstLoad,
  webhooks,
  lostWebhook,
  storedFailure,
  faults,
  corrections,
]
