/** Compares the three systems independently of Isthmus' own records: by the number of the product. */
import type { Audit } from '../harness/run-example.ts'
import type { Catalogue, Product } from './systems.ts'

const fields = ['name', 'description', 'price', 'active'] as const

export async function auditCatalogue(systems: Catalogue): Promise<Audit> {
  const bySystem: readonly (readonly [string, readonly Product[]])[] = [
    ['shop', systems.inShop()],
    ['crm', systems.inCrm()],
    ['pricing', await systems.inPricing()],
  ]
  const bySku = bySystem.map(([system, products]) => {
    const living = products.filter(({ ended }) => !ended)
    return [system, Map.groupBy(living, ({ sku }) => sku)] as const
  })
  const skus = new Set(bySku.flatMap(([, products]) => [...products.keys()]))
  const problems: string[] = []
  let duplicates = 0
  for (const sku of skus) {
    const found = bySku.map(([system, products]) => [system, products.get(sku) ?? []] as const)
    for (const [system, here] of found) {
      if (here.length === 0) problems.push(`${sku} is not in ${system}`)
      duplicates += Math.max(0, here.length - 1)
    }
    problems.push(...differences(sku, found))
  }
  return { records: skus.size, duplicates, problems }
}

function differences(sku: string, found: readonly (readonly [string, readonly Product[]])[]): string[] {
  return fields.flatMap((field) => {
    const values = found.flatMap(([system, [one]]) =>
      one === undefined ? [] : [[system, one[field]] as const],
    )
    const isSame = new Set(values.map(([, value]) => value)).size <= 1
    return isSame ? [] : [`${sku}: ${field} is ${values.map((pair) => pair.join(': ')).join(', ')}`]
  })
}
