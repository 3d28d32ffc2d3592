/** Salesforce accounts and SAP business partners, two ways; won opportunities and sales orders that refer to them. */
import type { Example } from '../harness/run-example.ts'
import { auditCustomers } from './audit.ts'
import { fill, steps } from './steps.ts'
import { type Customers, openSystems } from './systems.ts'

export const customers: Example<Customers> = {
  name: 'salesforce-sap-customers',
  folder: import.meta.dirname,
  records: 200,
  systems: async (hooks, records) => {
    const systems = await openSystems(hooks)
    fill(systems, records)
    return systems
  },
  steps,
  audit: auditCustomers,
}
