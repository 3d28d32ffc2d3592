/** Customers of an ERP that speaks files and of a CRM, two ways; the ERP's invoices in the CRM. */
import type { Play } from '../stage/play.ts'
import { acts, fill } from './acts.ts'
import { auditFiles } from './audit.ts'
import { openSystems, type Systems } from './cast.ts'

export const customers: Play<Systems> = {
  name: 'csv-erp',
  folder: import.meta.dirname,
  records: 200,
  cast: async (hooks, records) => {
    const cast = await openSystems(hooks)
    await fill(cast, records)
    return cast
  },
  acts,
  audit: auditFiles,
}
