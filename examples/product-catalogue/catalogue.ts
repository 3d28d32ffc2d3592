/** One product catalogue in a shop, a CRM and a database. */
import type { Play } from '../stage/play.ts'
import { acts, fill } from './acts.ts'
import { auditCatalogue } from './audit.ts'
import { type Catalogue, openSystems } from './cast.ts'

export const catalogue: Play<Catalogue> = {
  name: 'product-catalogue',
  folder: import.meta.dirname,
  records: 200,
  cast: async (_hooks, records) => {
    const cast = await openSystems()
    await fill(cast, records)
    return cast
  },
  acts,
  audit: auditCatalogue,
}
