/** The systems of this example: a shop with a GraphQL API, a Salesforce org, and the pricing department's database. */
import { readFileSync } from 'node:fs'
import { type FaultProxy, startFaultProxy } from '../../test/support/counterparts/fault-proxy.ts'
import { type ShopServer, startShop } from '../../test/support/graphql/shop-server.ts'
import { type FakeSalesforce, startFakeSalesforce } from '../../test/support/salesforce/fake-salesforce.ts'
import { type StagedDatabase, stageDatabase } from '../harness/database.ts'
import { type Front, httpFront } from '../harness/front.ts'
import type { ExampleSystems } from '../harness/run-example.ts'

/** A product as one of the systems has it, in words that all three share. */
export interface Product {
  /** The system's own id. */
  readonly id: string
  readonly sku: string
  readonly name: string
  readonly description: string | null
  /** With two decimals. */
  readonly price: string | null
  readonly active: boolean
  /** Archived, deleted, or marked as deleted. */
  readonly ended: boolean
  /** Changes whenever the product is written. */
  readonly version: string
}

export interface Catalogue extends ExampleSystems {
  readonly shop: ShopServer
  readonly crm: FakeSalesforce
  readonly pricing: StagedDatabase
  readonly crmFaults: FaultProxy['faults']
  readonly shopFront: Front
  readonly crmFront: Front
  inShop(): readonly Product[]
  inCrm(): readonly Product[]
  inPricing(): Promise<readonly Product[]>
}

export async function openSystems(): Promise<Catalogue> {
  const token = 'let-me-in'
  const shop = await startShop({ token })
  const shopFront = await httpFront(shop.url)
  const crm = await startFakeSalesforce({ bulkPolls: 1 })
  const crmProxy = await startFaultProxy(crm.url, { spare: (path) => path.startsWith('/services/oauth2/') })
  const crmFront = await httpFront(crmProxy.url)
  const pricing = await stageDatabase(readFileSync(new URL('products.sql', import.meta.url), 'utf8'))
  const inShop = () => productsOfShop(shop)
  const inCrm = () => productsOfCrm(crm)
  const inPricing = () => productsOfPricing(pricing)
  return {
    shop,
    crm,
    pricing,
    crmFaults: crmProxy.faults,
    shopFront,
    crmFront,
    environment: {
      SHOP_URL: shopFront.url,
      SHOP_TOKEN: token,
      SALESFORCE_URL: crmFront.url,
      SALESFORCE_TOKEN_URL: `${crmFront.url}/services/oauth2/token`,
      SALESFORCE_CLIENT_ID: crm.credentials.clientId,
      SALESFORCE_CLIENT_SECRET: crm.credentials.clientSecret,
      PRICING_URL: pricing.url,
    },
    inShop,
    inCrm,
    inPricing,
    versions: async () =>
      new Map(
        [...inShop(), ...inCrm(), ...(await inPricing())].map(({ id, version }) => [id, version] as const),
      ),
    close: async () => {
      for (const part of [shopFront, crmFront, crmProxy, shop, crm, pricing]) await part.close()
    },
  }
}

function productsOfShop({ products }: ShopServer): readonly Product[] {
  return products.all().map((row) => ({
    id: row.id,
    sku: String(row.sku),
    name: String(row.title),
    description: textOf(row.description),
    price: priceOf((row.price as { readonly amount?: unknown } | null | undefined)?.amount),
    active: row.status === 'ACTIVE',
    ended: row.status === 'ARCHIVED',
    version: String(row.version),
  }))
}

function productsOfCrm({ org }: FakeSalesforce): readonly Product[] {
  return [...org.records('Product2')].map((record) => ({
    id: record.id,
    sku: String(record.values.ProductCode),
    name: String(record.values.Name),
    description: textOf(record.values.Description),
    price: priceOf(record.values.List_Price__c),
    active: record.values.IsActive === true,
    ended: record.deleted,
    version: JSON.stringify([record.modstampMs, record.deleted, org.native(record)]),
  }))
}

interface Row {
  readonly id: string
  readonly sku: string
  readonly name: string
  readonly description: string | null
  readonly price: string | null
  readonly active: boolean
  readonly ended: boolean
  readonly version: string
}

async function productsOfPricing({ query }: StagedDatabase): Promise<readonly Product[]> {
  return query<Row>(`
    select 'row ' || id as id, sku, name, description, price::text as price, active,
      deleted_at is not null as ended, xmin::text as version
    from products order by id`)
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}

/** Salesforce has numbers and the shop texts; all amounts here are small enough to be written out with two decimals. */
function priceOf(value: unknown): string | null {
  return value === undefined || value === null ? null : Number(value).toFixed(2)
}
