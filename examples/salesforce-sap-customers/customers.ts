/** Salesforce accounts and SAP business partners, two ways; won opportunities and sales orders that refer to them. */
import type { Play } from '../stage/play.ts'
import { acts, fill } from './acts.ts'
import { auditCustomers } from './audit.ts'
import { type Customers, openSystems } from './cast.ts'

export const customers: Play<Customers> = {
  name: 'salesforce-sap-customers',
  folder: import.meta.dirname,
  records: 200,
  cast: async (hooks, records) => {
    const cast = await openSystems(hooks)
    fill(cast, records)
    return cast
  },
  acts,
  audit: auditCustomers,
}
