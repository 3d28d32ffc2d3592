/**
 * A fake org as a process of its own: `node main.ts '<options as JSON>'`. Its first line of output contains its address and credentials.
 *
 * Options are those of the fake that JSON can represent, and `accounts`: the initial number of accounts. Its back door is `POST /__back-door/<verb>`.
 */
import { type FakeSalesforceOptions, startFakeSalesforce } from './fake-salesforce.ts'
import type { Org } from './org.ts'

interface ProcessOptions extends Omit<FakeSalesforceOptions, 'intercept' | 'backDoor'> {
  readonly accounts?: number
}

const { accounts = 0, ...options } = JSON.parse(process.argv[2] ?? '{}') as ProcessOptions

function backDoor(org: Org, verb: string, wish: Readonly<Record<string, unknown>>): unknown {
  const object = String(wish.object)
  const id = String(wish.id)
  const body = (wish.body ?? {}) as Readonly<Record<string, unknown>>
  switch (verb) {
    case 'create':
      return { id: org.create(object, body) }
    case 'update':
      return org.update(object, id, body)
    case 'remove':
      return org.remove(object, id)
    case 'merge':
      return org.merge(object, id, (wish.losers as readonly string[]) ?? [])
    case 'advance':
      return org.advance(Number(wish.ms))
    case 'records':
      return [...org.records(object)].filter(({ deleted }) => !deleted).map((record) => org.native(record))
    default:
      throw new Error(`there is no ${verb}`)
  }
}

const fake = await startFakeSalesforce({ ...options, backDoor })
for (let n = 0; n < accounts; n += 1) {
  fake.org.create('Account', {
    Name: `Account ${n}`,
    AccountNumber: `N-${n}`,
    AnnualRevenue: 1_000 + n,
    Phone: `+49 228 ${n}`,
    BillingStreet: `Street ${n}`,
    BillingCity: 'Bonn',
    BillingPostalCode: '53111',
    Description: `The account number ${n}, with "quotes" and\na second line.`,
  })
}
const { clientId, clientSecret, refreshToken } = fake.credentials
process.stdout.write(
  `${JSON.stringify({ url: fake.url, orgId: fake.org.id, clientId, clientSecret, refreshToken })}\n`,
)
const stop = (): void => void fake.close().then(() => process.exit(0))
process.once('SIGTERM', stop)
process.once('SIGINT', stop)
// Ends with its parent, so that no fake outlives its test.
process.stdin.resume()
process.stdin.once('end', stop)
