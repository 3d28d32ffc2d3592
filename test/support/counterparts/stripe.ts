/** The counterpart of the connector `stripe`: the fake account, behind the fault proxy. */
import type {
  Counterpart,
  CounterpartResource,
  StartCounterpart,
} from '../../../src/connectors/kit/conformance/counterpart.ts'
import { valueAt } from '../../../src/connectors/kit/native.ts'
import type { NativeRecord } from '../../../src/model/values.ts'
import type { FakeStripe } from '../stripe/fake-stripe.ts'
import { startFakeStripe } from '../stripe/fake-stripe.ts'
import { signedDelivery } from '../stripe/webhook-endpoint.ts'
import { startFaultProxy } from './fault-proxy.ts'

const secret = 'whsec_of_the_counterpart'
const searchLagMs = 100

export const startCounterpart: StartCounterpart = async (): Promise<Counterpart> => {
  const fake = await startFakeStripe({ searchLagMs })
  const proxy = await startFaultProxy(fake.url)
  const customer = fake.insert('customers', { name: 'Of the invoices' })
  const product = fake.insert('products', { name: 'Of the prices' })
  return {
    settings: {
      connector: 'stripe',
      url: proxy.url,
      allowHttp: true,
      auth: { type: 'bearer', token: fake.key },
      searchLag: `${searchLagMs}ms`,
      pageSize: 10,
      limits: { perSecond: 10_000 },
      webhooks: { secret },
    },
    resources: [
      customers(fake),
      products(fake),
      prices(fake, product),
      paymentIntents(fake),
      invoices(fake, customer),
      charges(fake),
    ],
    faults: proxy.faults,
    delivery: ({ nativeId }) => {
      const event = fake.account.events.findLast((one) => valueAt(one, ['data', 'object', 'id']) === nativeId)
      if (event === undefined) throw new RangeError(`no event tells of ${nativeId}`)
      const { headers, body } = signedDelivery(event, { secrets: [secret] })
      return { headers, body: Buffer.from(body), receivedAt: Date.now() }
    },
    stop: async () => {
      await proxy.close()
      await fake.close()
    },
  }
}

type Own = Pick<CounterpartResource, 'name' | 'body' | 'patch' | 'texts'> & Partial<CounterpartResource>

/** Stripe stores texts unchanged; an empty one is null. */
function resource(fake: FakeStripe, own: Own): CounterpartResource {
  const { name } = own
  return {
    insert: async (body) => fake.insert(name, body),
    change: async (nativeId, patch) => fake.change(nativeId, patch),
    insertTied: async (bodies) => {
      fake.freeze()
      const nativeIds = bodies.map((body) => fake.insert(name, body))
      fake.thaw()
      return nativeIds
    },
    insertLate: async (body, ageMs) => fake.insert(name, body, ageMs),
    count: async () =>
      [...fake.account.objects.values()].filter(({ kind, deleted }) => kind.name === name && !deleted).length,
    ...own,
  }
}

const removable = (fake: FakeStripe): Pick<CounterpartResource, 'remove'> => ({
  remove: async (nativeId) => fake.remove(nativeId),
})

function customers(fake: FakeStripe): CounterpartResource {
  return resource(fake, {
    name: 'customers',
    body: (seed) => ({
      name: `Customer ${seed}`,
      email: `c${seed}@example.org`,
      metadata: { seed: String(seed) },
    }),
    patch: (seed) => ({ name: `Renamed ${seed}`, phone: `+49 30 ${seed}` }),
    texts: [{ path: ['name'] }, { path: ['description'] }],
    refused: () => ({ name: 'x'.repeat(5_001) }),
    crowd: async (count) => crowd(fake, 'customers', count, (email) => ({ name: 'One of many', email })),
    ...removable(fake),
  })
}

function products(fake: FakeStripe): CounterpartResource {
  return resource(fake, {
    name: 'products',
    body: (seed) => ({ name: `Product ${seed}`, description: `No. ${seed}` }),
    patch: (seed) => ({ name: `Renamed ${seed}` }),
    texts: [{ path: ['name'] }, { path: ['description'] }],
    refused: () => ({ description: 'a product without a name' }),
    ...removable(fake),
  })
}

function prices(fake: FakeStripe, product: string): CounterpartResource {
  return resource(fake, {
    name: 'prices',
    body: (seed) => ({
      product,
      currency: 'eur',
      unit_amount: 100 + (seed % 1_000),
      nickname: `Price ${seed}`,
    }),
    patch: (seed) => ({ nickname: `Renamed ${seed}` }),
    texts: [{ path: ['nickname'] }],
    refused: () => ({ product: 'prod_none', currency: 'eur', unit_amount: 1 }),
  })
}

function paymentIntents(fake: FakeStripe): CounterpartResource {
  return resource(fake, {
    name: 'payment_intents',
    body: (seed) => ({ amount: 100 + (seed % 1_000), currency: 'eur', description: `Order ${seed}` }),
    patch: (seed) => ({ description: `Order ${seed}, changed` }),
    texts: [{ path: ['description'] }],
    // Through the back door a change is reported as the one that Stripe reports: a step of the payment.
    change: async (nativeId, patch) => fake.change(nativeId, patch, 'payment_intent.processing'),
    refused: () => ({ currency: 'eur' }),
  })
}

function invoices(fake: FakeStripe, customer: string): CounterpartResource {
  return resource(fake, {
    name: 'invoices',
    body: (seed) => ({ customer, description: `Invoice ${seed}` }),
    patch: (seed) => ({ description: `Invoice ${seed}, changed` }),
    texts: [{ path: ['description'] }, { path: ['footer'] }],
    refused: () => ({ description: 'for nobody' }),
    ...removable(fake),
  })
}

function charges(fake: FakeStripe): CounterpartResource {
  return resource(fake, {
    name: 'charges',
    body: (seed) => ({ amount: 100 + (seed % 1_000), currency: 'eur', description: `Charge ${seed}` }),
    patch: (seed) => ({ description: `Charge ${seed}, changed` }),
    texts: [{ path: ['description'] }],
  })
}

/** Records that all match a search by one value, with an up-to-date index. */
async function crowd(
  fake: FakeStripe,
  name: string,
  count: number,
  body: (email: string) => NativeRecord,
): Promise<NativeRecord> {
  const email = `crowd${fake.now}@example.org`
  for (let n = 0; n < count; n += 1) fake.insert(name, body(email))
  await new Promise((resolve) => {
    setTimeout(resolve, searchLagMs + 20)
  })
  return { email }
}
