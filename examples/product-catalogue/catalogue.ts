/** One product catalogue in a shop, a CRM and a database. */
import type { Example } from '../harness/run-example.ts'
import { auditCatalogue } from './audit.ts'
import { fill, steps } from './steps.ts'
import { type Catalogue, openSystems } from './systems.ts'

export const catalogue: Example<Catalogue> = {
  name: 'product-catalogue',
  folder: import.meta.dirname,
  records: 200,
  systems: async (_hooks, records) => {
    const systems = await openSystems()
    await fill(systems, records)
    return systems
  },
  steps,
  audit: auditCatalogue,
}
