/** Won opportunities of a Salesforce org become sales orders of an S/4HANA, each exactly one. */
import type { Play } from '../stage/play.ts'
import { acts, fill } from './acts.ts'
import { auditOrders } from './audit.ts'
import { openSales, type Sales } from './cast.ts'

export const orders: Play<Sales> = {
  name: 'opportunity-to-order',
  folder: import.meta.dirname,
  records: 200,
  cast: async (hooks, records) => {
    const cast = await openSales(hooks)
    fill(cast, records)
    return cast
  },
  acts,
  audit: auditOrders,
}
