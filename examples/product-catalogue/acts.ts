/** What people and networks do to the three systems. */
import type { Act, Scene } from '../stage/play.ts'
import type { Catalogue, Product } from './cast.ts'

type CatalogueScene = Scene<Catalogue>

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

function changeInShop(cast: Catalogue, sku: string, changes: Readonly<Record<string, unknown>>): void {
  cast.shop.products.update(idOf(cast.inShop(), sku), changes)
}

function changeInCrm(cast: Catalogue, sku: string, changes: Readonly<Record<string, unknown>>): void {
  cast.crm.org.update('Product2', idOf(cast.inCrm(), sku), changes)
}

function idOf(products: readonly Product[], sku: string): string {
  const found = products.find((one) => one.sku === sku && !one.ended)
  if (found === undefined) throw new RangeError(`there is no product ${sku}`)
  return found.id
}

/** Before Isthmus: each system knows two of three products, and one in four is in all of them. */
export async function fill(cast: Catalogue, records: number): Promise<void> {
  for (let n = 1; n <= records; n += 1) {
    const name = `Product ${n}`
    const isEverywhere = n % 4 === 0
    if (isEverywhere || n % 3 !== 0) makeInShop(cast, skuOf(n), name, `All about product ${n}.`)
    if (isEverywhere || n % 3 !== 1) makeInCrm(cast, skuOf(n), name)
    if (isEverywhere || n % 3 !== 2) await makeInPricing(cast, skuOf(n), name, `${n}.95`)
  }
}

const firstLoad: Act<Catalogue> = {
  title: 'First load: what is known by its number is recognised, what is missing is made',
  play: async (scene) => {
    await scene.settled()
    const { cast } = scene
    const counts = [cast.inShop().length, cast.inCrm().length, (await cast.inPricing()).length]
    scene.say(`${counts.join(', ')} products in shop, Salesforce and pricing.`)
  },
}

const ownership: Act<Catalogue> = {
  title: 'Prices are the database’s, descriptions the shop’s, names everybody’s',
  play: async (scene) => {
    const { cast } = scene
    const [one, two, three] = [skuOf(4), skuOf(8), skuOf(12)]
    await cast.pricing.query(`update products set price = 49.90 where sku = $1`, [one])
    changeInCrm(cast, two, { List_Price__c: 0.01 })
    changeInShop(cast, one, { description: 'Written by the editors.' })
    await cast.pricing.query(`update products set description = 'by hand' where sku = $1`, [two])
    changeInCrm(cast, one, { Name: 'Named by sales' })
    changeInCrm(cast, three, { Name: 'Third, says sales' })
    changeInShop(cast, three, { title: 'Third, says the shop' })
    await scene.settled()
    const found = cast.inCrm()
    const at = (sku: string): Product | undefined => found.find((product) => product.sku === sku)
    scene.say(`${one}: ${at(one)?.name}, ${at(one)?.price} EUR, "${at(one)?.description}", everywhere.`)
    scene.say(`${two}: the price that somebody in sales had made 0.01 is ${at(two)?.price} again.`)
    scene.say(`${three}: two names in the same moment; it is now "${at(three)?.name}" in all three.`)
    if (at(two)?.price !== '8.95') throw new RangeError(`the price of ${two} is ${at(two)?.price}`)
    if (at(three)?.name !== 'Third, says the shop') throw new RangeError(`${three} is ${at(three)?.name}`)
  },
}

const newProducts: Act<Catalogue> = {
  title: 'A new product in any of the three is in the other two, once',
  play: async (scene) => {
    const { cast } = scene
    makeInShop(cast, 'N-SHOP', 'New in the shop', 'Fresh.')
    makeInCrm(cast, 'N-CRM', 'New in Salesforce')
    await makeInPricing(cast, 'N-PRICING', 'New in pricing', '7.00')
    await scene.settled()
    scene.say('Three new products, each in all three. Nobody priced two of them yet; now somebody does.')
    await cast.pricing.query(
      `update products set price = 19.99, currency = 'EUR' where sku in ('N-SHOP', 'N-CRM')`,
    )
    await scene.settled()
    scene.say('The prices are everywhere.')
  },
}

/** While one system is away: edits in both others that arrive in each other before it is back. */
async function withoutOne(
  scene: CatalogueScene,
  away: { readonly name: string; readonly front: { away(meanwhile: () => Promise<void>): Promise<void> } },
  edits: { readonly play: () => Promise<void>; readonly arrived: () => boolean | Promise<boolean> },
): Promise<void> {
  await away.front.away(async () => {
    await edits.play()
    await scene.until(`the others agree without ${away.name}`, edits.arrived)
    scene.say(`${away.name} is away, and the other two go on.`)
  })
  await scene.settled()
  scene.say(`${away.name} is back and has caught up.`)
}

const oneAway: Act<Catalogue> = {
  title: 'One system down does not hold up the other two',
  play: async (scene) => {
    const { cast } = scene
    const sku = skuOf(4)
    const priceIn = (products: readonly Product[]): string | null | undefined =>
      products.find((one) => one.sku === sku)?.price
    const nameIn = (products: readonly Product[]): string | undefined =>
      products.find((one) => one.sku === sku)?.name
    await withoutOne(
      scene,
      { name: 'Salesforce', front: cast.crmFront },
      {
        play: async () => {
          await cast.pricing.query(`update products set price = 51.10 where sku = $1`, [sku])
          makeInShop(cast, 'W-CRM', 'Made while Salesforce was away')
        },
        arrived: async () =>
          priceIn(cast.inShop()) === '51.10' &&
          (await cast.inPricing()).some((product) => product.sku === 'W-CRM'),
      },
    )
    await withoutOne(
      scene,
      { name: 'Pricing', front: cast.pricing.front },
      {
        play: async () => {
          changeInCrm(cast, sku, { Name: 'Renamed without pricing' })
          makeInShop(cast, 'W-PRICING', 'Made while pricing was away')
        },
        arrived: () =>
          nameIn(cast.inShop()) === 'Renamed without pricing' &&
          cast.inCrm().some((product) => product.sku === 'W-PRICING'),
      },
    )
    await withoutOne(
      scene,
      { name: 'The shop', front: cast.shopFront },
      {
        play: async () => {
          await makeInPricing(cast, 'W-SHOP', 'Made while the shop was away', '3.33')
        },
        arrived: () => cast.inCrm().some((product) => product.sku === 'W-SHOP'),
      },
    )
  },
}

const faults: Act<Catalogue> = {
  title: 'Lost answers everywhere, and a killed Isthmus',
  play: async (scene) => {
    const { cast } = scene
    cast.shop.faults.loseNextAnswer({ method: 'POST' })
    cast.crmFaults.loseNextAnswer({ method: 'POST' })
    cast.pricing.faults.loseNextAnswer({ method: 'POST' })
    scene.say('Each of the three makes a product for us whose answer is lost.')
    for (let n = 1; n <= 10; n += 1) {
      makeInShop(cast, `L-S${n}`, `Late ${n} of the shop`)
      makeInCrm(cast, `L-C${n}`, `Late ${n} of sales`)
      await makeInPricing(cast, `L-P${n}`, `Late ${n} of pricing`, `${n}.00`)
    }
    await scene.until('the first ones', () => cast.inCrm().some(({ sku }) => sku === 'L-P1'))
    scene.say('Isthmus is killed in the middle of it, and started again.')
    await scene.killAndRestart()
    await scene.settled()
    scene.say('Thirty products, each of them once in each of the three.')
  },
}

const endings: Act<Catalogue> = {
  title: 'Pricing ends a product',
  play: async (scene) => {
    const { cast } = scene
    const sku = skuOf(8)
    await cast.pricing.query('update products set deleted_at = now() where sku = $1', [sku])
    const ended = (products: readonly Product[]): boolean =>
      products.filter((product) => product.sku === sku).every((product) => product.ended)
    await scene.until('the end of it', () => ended(cast.inShop()) && ended(cast.inCrm()))
    const kept = cast.inShop().find((product) => product.sku === sku)
    if (kept === undefined) throw new RangeError('the shop lost a product that orders refer to')
    await scene.settled()
    scene.say(
      `${sku} is archived in the shop, where old orders refer to it, and in Salesforce's recycle bin.`,
    )
  },
}

export const acts: readonly Act<Catalogue>[] = [firstLoad, ownership, newProducts, oneAway, faults, endings]
