/** The systems of this example: a Stripe account with its webhook endpoint, a shop that uses it, and a warehouse on PostgreSQL. */
import { readFileSync } from 'node:fs'
import Stripe from 'stripe'
import type { Native, Stored } from '../../test/support/stripe/account.ts'
import { type FakeStripe, startFakeStripe } from '../../test/support/stripe/fake-stripe.ts'
import { WebhookEndpoint } from '../../test/support/stripe/webhook-endpoint.ts'
import { type StagedDatabase, stageDatabase } from '../harness/database.ts'
import { type Front, httpFront } from '../harness/front.ts'
import type { ExampleSystems, Versions } from '../harness/run-example.ts'

export const tables = ['customers', 'payments', 'charges'] as const
export type Table = (typeof tables)[number]
/** Stripe's name of what is in each table. */
const resources: Readonly<Record<Table, string>> = {
  customers: 'customers',
  payments: 'payment_intents',
  charges: 'charges',
}

/** A row of the warehouse; numerics are texts with all their digits. */
export interface Row {
  readonly stripe_id: string
  readonly xmin: string
  readonly [column: string]: string | Date | null
}

export interface Payments extends ExampleSystems {
  readonly account: FakeStripe
  readonly accountFront: Front
  readonly endpoint: WebhookEndpoint
  /** The address that deliveries go to. */
  readonly hook: string
  /** The shop: Stripe's own client, on its own way to the account. */
  readonly shop: Stripe
  readonly warehouse: StagedDatabase
  /** Stripe's objects of a table that were not deleted. */
  objects(table: Table): readonly Native[]
  rows(table: Table): Promise<readonly Row[]>
}

export async function openSystems(hooks: string): Promise<Payments> {
  const secret = 'whsec_of_the_warehouse'
  const hook = `${hooks}/shop`
  const account = await startFakeStripe()
  const endpoint = new WebhookEndpoint({ url: hook, secret })
  const accountFront = await httpFront(account.url)
  const warehouse = await stageDatabase(readFileSync(new URL('warehouse.sql', import.meta.url), 'utf8'))
  const shop = new Stripe(account.key, {
    host: '127.0.0.1',
    port: Number(new URL(account.url).port),
    protocol: 'http',
    maxNetworkRetries: 1,
    telemetry: false,
  })
  const rows = (table: Table): Promise<Row[]> =>
    warehouse.query<Row>(`select *, xmin::text as xmin from ${table} order by stripe_id`)
  return {
    account,
    accountFront,
    endpoint,
    hook,
    shop,
    warehouse,
    environment: {
      STRIPE_URL: accountFront.url,
      STRIPE_KEY: account.key,
      STRIPE_HOOK_SECRET: secret,
      WAREHOUSE_URL: warehouse.url,
    },
    objects: (table) =>
      [...account.account.objects.values()]
        .filter(({ kind, deleted }) => kind.name === resources[table] && !deleted)
        .map(({ native }) => native),
    rows,
    versions: async () => {
      const found: [string, string][] = [...account.account.objects].map(([id, stored]) => [
        id,
        spelt(stored),
      ])
      for (const table of tables)
        for (const row of await rows(table)) found.push([`${table} ${row.stripe_id}`, row.xmin])
      return new Map(found) satisfies Versions
    },
    close: async () => {
      for (const part of [accountFront, account, warehouse]) await part.close()
    },
  }
}

function spelt({ native, deleted }: Stored): string {
  return JSON.stringify([deleted, native])
}
