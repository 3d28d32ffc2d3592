/** The counterpart of the connector `salesforce`: the fake org of test/support/salesforce behind a proxy for what goes wrong on the wire. */
import type {
  CounterpartResource,
  StartCounterpart,
} from '../../../src/connectors/kit/conformance/counterpart.ts'
import type { NativeRecord } from '../../../src/model/values.ts'
import { type FakeSalesforce, startFakeSalesforce } from '../salesforce/fake-salesforce.ts'
import { makeId } from '../salesforce/ids.ts'
import { outboundMessage } from '../salesforce/outbound.ts'
import { startFaultProxy } from './fault-proxy.ts'

interface Door {
  readonly object: string
  readonly body: (seed: number) => NativeRecord
  readonly patch: (seed: number) => NativeRecord
  readonly texts: CounterpartResource['texts']
  readonly refused: (seed: number) => NativeRecord
  /** Values that many records may share. */
  readonly crowd: NativeRecord
  readonly prefix: string
}

const unsigned =
  'Salesforce signs no notices: a secret in the address and the id of the org are all that proves a sender'

const webhookSecret = 'the secret in the address'
const monthMs = 31 * 86_400_000

/** Salesforce cuts blanks off both ends of a text. */
const stores = (text: string): string => text.trim()

const doors: readonly Door[] = [
  {
    object: 'Account',
    body: (seed) => ({ Name: `Account ${seed}`, AnnualRevenue: 1_000 + seed, Industry: 'Energy' }),
    patch: (seed) => ({ AccountNumber: `N-${seed}`, NumberOfEmployees: seed % 100_000 }),
    texts: [
      { path: ['Name'], maxLength: 255, stores },
      { path: ['Description'], maxLength: 32_000, stores },
    ],
    refused: (seed) => ({ Name: `Account ${seed}`, Segment__c: 'Z' }),
    crowd: { AccountNumber: 'crowd' },
    prefix: '001',
  },
  {
    object: 'Contact',
    body: (seed) => ({ LastName: `Last ${seed}`, FirstName: 'First', Email: `c${seed}@example.com` }),
    patch: (seed) => ({ Title: `Title ${seed}` }),
    texts: [{ path: ['LastName'], maxLength: 80, stores }],
    refused: (seed) => ({ LastName: `Last ${seed}`, Email: 'no address' }),
    crowd: { Title: 'crowd' },
    prefix: '003',
  },
]

export const startCounterpart: StartCounterpart = async () => {
  const fake = await startFakeSalesforce({ queryBatch: 5, bulkPage: 100, bulkPolls: 1 })
  const { clientId, clientSecret } = fake.credentials
  const proxy = await startFaultProxy(fake.url, {
    spare: (path) => path.startsWith('/services/oauth2/') || path.includes('/describe'),
  })
  return {
    settings: {
      connector: 'salesforce',
      url: proxy.url,
      allowHttp: true,
      auth: {
        type: 'oauth2-client-credentials',
        tokenUrl: `${proxy.url}/services/oauth2/token`,
        clientId,
        clientSecret,
      },
      externalId: 'Isthmus_Id__c',
      // One object with a precondition and one without, so that both are probed.
      resources: {
        Account: { precondition: 'etag' },
        Contact: { fields: ['LastName', 'FirstName', 'Email', 'Title'] },
      },
      bulk: { from: 40, pageRows: 100, poll: '50ms' },
      commitLag: '2s',
      inflight: '1s',
      webhooks: { secret: webhookSecret, organizationId: fake.org.id },
    },
    resources: doors.map((door) => resourceOf(fake, door)),
    faults: proxy.faults,
    delivery: ({ resource, nativeId }) => ({
      headers: { 'content-type': 'text/xml; charset=utf-8' },
      query: { token: webhookSecret },
      body: Buffer.from(
        outboundMessage(fake.org.id, [
          { object: resource, id: nativeId, notificationId: `04l${nativeId.slice(3)}` },
        ]),
      ),
      receivedAt: Date.now(),
    }),
    stop: async () => {
      await proxy.close()
      await fake.close()
    },
  }
}

function resourceOf({ org }: FakeSalesforce, { object, ...door }: Door): CounterpartResource {
  return {
    name: object,
    body: door.body,
    patch: door.patch,
    texts: door.texts,
    waivers: { 'webhook-altered-is-refused': unsigned, 'webhook-old-is-refused': unsigned },
    refused: door.refused,
    stranger: () => makeId(door.prefix, 999_999_999),
    crowd: async (count) => {
      for (let seed = 0; seed < count; seed += 1) {
        org.create(object, { ...door.body(900_000 + seed), ...door.crowd })
      }
      return door.crowd
    },
    insertLate: async (body, ageMs) => {
      org.setTime(org.now() - ageMs)
      const transaction = org.transaction()
      const id = transaction.create(object, body)
      org.setTime(undefined)
      transaction.commit()
      return id
    },
    // What was deleted more than 30 days ago nobody can say any more.
    expireCursors: async () => org.advance(monthMs),
    insert: async (body) => org.create(object, body),
    change: async (nativeId, patch) => org.update(object, nativeId, patch),
    remove: async (nativeId) => org.remove(object, nativeId),
    insertTied: async (bodies) => {
      org.setTime(org.now())
      try {
        return bodies.map((body) => org.create(object, body))
      } finally {
        org.setTime(undefined)
      }
    },
    count: async () => [...org.records(object)].filter(({ deleted }) => !deleted).length,
  }
}
