/** Won opportunities of a Salesforce org become sales orders of an S/4HANA, each exactly one. */
import type { Example } from '../harness/run-example.ts'
import { auditOrders } from './audit.ts'
import { fill, steps } from './steps.ts'
import { openSales, type Sales } from './systems.ts'

export const orders: Example<Sales> = {
  name: 'opportunity-to-order',
  folder: import.meta.dirname,
  records: 200,
  systems: async (hooks, records) => {
    const systems = await openSales(hooks)
    fill(systems, records)
    return systems
  },
  steps,
  audit: auditOrders,
}
