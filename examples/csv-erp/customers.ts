/** Customers of an ERP that speaks files and of a CRM, two ways; the ERP's invoices in the CRM. */
import type { Example } from '../harness/run-example.ts'
import { auditFiles } from './audit.ts'
import { fill, steps } from './steps.ts'
import { openSystems, type Systems } from './systems.ts'

export const customers: Example<Systems> = {
  name: 'csv-erp',
  folder: import.meta.dirname,
  records: 200,
  systems: async (hooks, records) => {
    const systems = await openSystems(hooks)
    await fill(systems, records)
    return systems
  },
  steps,
  audit: auditFiles,
}
