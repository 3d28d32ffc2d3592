/** Simulated actions of users and faults of the network for the three systems. */
import type { Step, StepContext } from '../harness/run-example.ts'
import type { Catalogue, Product } from './systems.ts'

type CatalogueScene = StepContext<Catalogue>

const skuOf = (n: number): string => `P-${String(n).padStart(5, '0')}`

/** Somebody makes a product in the shop. Prices are not the shop's to set. */
function makeInShop(
  { shop }: Catalogue,
  sku: string,
  title: string,
  description: string | null = null,
): void {
  const made = shop.products.create({ sku, title, description, stock: 0, status: 'ACTIVE' })
  if ('refusal' in made) throw new RangeError(`the shop refused ${sku}: ${made.refusal.message}`)
}

function makeInCrm({ crm }: Catalogue, sku: string, name: string): void {
  crm.org.create('Product2', { ProductCode: sku, Name: name, IsActive: true })
}

async function makeInPricing(
  { pricing }: Catalogue,
  sku: string,
  name: string,
  price: string,
): Promise<void> {
  await pricing.query(`insert into products (sku, name, price, currency) values ($1, $2, $3, 'EUR')`, [
    sku,
    name,
    price,
  ])
}

function changeInShop(systems: Catalogue, sku: string, changes: Readonly<Record<string, unknown>>): void {
  systems.shop.products.update(idOf(systems.inShop(), sku), changes)
}

function changeInCrm(systems: Catalogue, sku: string, changes: Readonly<Record<string, unknown>>): void {
  systems.crm.org.update('Product2', idOf(systems.inCrm(), sku), changes)
}

function idOf(products: readonly Product[], sku: string): string {
  const found = products.find((one) => one.sku === sku && !one.ended)
  if (found === undefined) throw new RangeError(`there is no product ${sku}`)
  return found.id
}

/** Before Isthmus: each system knows two of three products, and one in four is in all of them. */
export async function fill(systems: Catalogue, records: number): Promise<void> {
  for (let n = 1; n <= records; n += 1) {
    const name = `Product ${n}`
    const isEverywhere = n % 4 === 0
    if (isEverywhere || n % 3 !== 0) makeInShop(systems, skuOf(n), name, `All about product ${n}.`)
    if (isEverywhere || n % 3 !== 1) makeInCrm(systems, skuOf(n), name)
    if (isEverywhere || n % 3 !== 2) await makeInPricing(systems, skuOf(n), name, `${n}.95`)
  }
}

const firstLoad: Step<Catalogue> = {
  title: 'First load: what is known by its number is recognised, what is missing is made',
  run: async (context) => {
    await context.settled()
    const { systems } = context
    const counts = [systems.inShop().length, systems.inCrm().length, (await systems.inPricing()).length]
    context.say(`${counts.join(', ')} products in shop, Salesforce and pricing.`)
  },
}

const ownership: Step<Catalogue> = {
  title: 'Prices are the database’s, descriptions the shop’s, names everybody’s',
  run: async (context) => {
    const { systems } = context
    const [one, two, three] = [skuOf(4), skuOf(8), skuOf(12)]
    await systems.pricing.query(`update products set price = 49.90 where sku = $1`, [one])
    changeInCrm(systems, two, { List_Price__c: 0.01 })
    changeInShop(systems, one, { description: 'Written by the editors.' })
    await systems.pricing.query(`update products set description = 'by hand' where sku = $1`, [two])
    changeInCrm(systems, one, { Name: 'Named by sales' })
    changeInCrm(systems, three, { Name: 'Third, says sales' })
    changeInShop(systems, three, { title: 'Third, says the shop' })
    await context.settled()
    const found = systems.inCrm()
    const at = (sku: string): Product | undefined => found.find((product) => product.sku === sku)
    context.say(`${one}: ${at(one)?.name}, ${at(one)?.price} EUR, "${at(one)?.description}", everywhere.`)
    context.say(`${two}: the price that somebody in sales had made 0.01 is ${at(two)?.price} again.`)
    context.say(`${three}: two names in the same moment; it is now "${at(three)?.name}" in all three.`)
    if (at(two)?.price !== '8.95') throw new RangeError(`the price of ${two} is ${at(two)?.price}`)
    if (at(three)?.name !== 'Third, says the shop') throw new RangeError(`${three} is ${at(three)?.name}`)
  },
}

const newProducts: Step<Catalogue> = {
  title: 'A new product in any of the three is in the other two, once',
  run: async (context) => {
    const { systems } = context
    makeInShop(systems, 'N-SHOP', 'New in the shop', 'Fresh.')
    makeInCrm(systems, 'N-CRM', 'New in Salesforce')
    await makeInPricing(systems, 'N-PRICING', 'New in pricing', '7.00')
    await context.settled()
    context.say('Three new products, each in all three. Nobody priced two of them yet; now somebody does.')
    await systems.pricing.query(
      `update products set price = 19.99, currency = 'EUR' where sku in ('N-SHOP', 'N-CRM')`,
    )
    await context.settled()
    context.say('The prices are everywhere.')
  },
}

/** While one system is away: edits in both others that arrive in each other before it is back. */
async function withoutOne(
  context: CatalogueScene,
  away: { readonly name: string; readonly front: { away(meanwhile: () => Promise<void>): Promise<void> } },
  edits: { readonly run: () => Promise<void>; readonly arrived: () => boolean | Promise<boolean> },
): Promise<void> {
  await away.front.away(async () => {
    await edits.run()
    await context.until(`the others agree without ${away.name}`, edits.arrived)
    context.say(`${away.name} is away, and the other two go on.`)
  })
  await context.settled()
  context.say(`${away.name} is back and has caught up.`)
}

const oneAway: Step<Catalogue> = {
  title: 'One system down does not hold up the other two',
  run: async (context) => {
    const { systems } = context
    const sku = skuOf(4)
    const priceIn = (products: readonly Product[]): string | null | undefined =>
      products.find((one) => one.sku === sku)?.price
    const nameIn = (products: readonly Product[]): string | undefined =>
      products.find((one) => one.sku === sku)?.name
    await withoutOne(
      context,
      { name: 'Salesforce', front: systems.crmFront },
      {
        run: async () => {
          await systems.pricing.query(`update products set price = 51.10 where sku = $1`, [sku])
          makeInShop(systems, 'W-CRM', 'Made while Salesforce was away')
        },
        arrived: async () =>
          priceIn(systems.inShop()) === '51.10' &&
          (await systems.inPricing()).some((product) => product.sku === 'W-CRM'),
      },
    )
    await withoutOne(
      context,
      { name: 'Pricing', front: systems.pricing.front },
      {
        run: async () => {
          changeInCrm(systems, sku, { Name: 'Renamed without pricing' })
          makeInShop(systems, 'W-PRICING', 'Made while pricing was away')
        },
        arrived: () =>
          nameIn(systems.inShop()) === 'Renamed without pricing' &&
          systems.inCrm().some((product) => product.sku === 'W-PRICING'),
      },
    )
    await withoutOne(
      context,
      { name: 'The shop', front: systems.shopFront },
      {
        run: async () => {
          await makeInPricing(systems, 'W-SHOP', 'Made while the shop was away', '3.33')
        },
        arrived: () => systems.inCrm().some((product) => product.sku === 'W-SHOP'),
      },
    )
  },
}

const faults: Step<Catalogue> = {
  title: 'Lost responses everywhere, and a killed Isthmus',
  run: async (context) => {
    const { systems } = context
    systems.shop.faults.loseNextResponse({ method: 'POST' })
    systems.crmFaults.loseNextResponse({ method: 'POST' })
    systems.pricing.faults.loseNextResponse({ method: 'POST' })
    context.say('Each of the three makes a product for us whose response is lost.')
    for (let n = 1; n <= 10; n += 1) {
      makeInShop(systems, `L-S${n}`, `Late ${n} of the shop`)
      makeInCrm(systems, `L-C${n}`, `Late ${n} of sales`)
      await makeInPricing(systems, `L-P${n}`, `Late ${n} of pricing`, `${n}.00`)
    }
    await context.until('the first ones', () => systems.inCrm().some(({ sku }) => sku === 'L-P1'))
    context.say('Isthmus is killed in the middle of it, and started again.')
    await context.killAndRestart()
    await context.settled()
    context.say('Thirty products, each of them once in each of the three.')
  },
}

const endings: Step<Catalogue> = {
  title: 'Pricing ends a product',
  run: async (context) => {
    const { systems } = context
    const sku = skuOf(8)
    await systems.pricing.query('update products set deleted_at = now() where sku = $1', [sku])
    const ended = (products: readonly Product[]): boolean =>
      products.filter((product) => product.sku === sku).every((product) => product.ended)
    await context.until('the end of it', () => ended(systems.inShop()) && ended(systems.inCrm()))
    const kept = systems.inShop().find((product) => product.sku === sku)
    if (kept === undefined) throw new RangeError('the shop lost a product that orders refer to')
    await context.settled()
    context.say(
      `${sku} is archived in the shop, where old orders refer to it, and in Salesforce's recycle bin.`,
    )
  },
}

export const steps: readonly Step<Catalogue>[] = [firstLoad, ownership, newProducts, oneAway, faults, endings]
