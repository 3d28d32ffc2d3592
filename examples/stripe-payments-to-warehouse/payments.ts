/** Stripe's customers, payments and charges as rows of a warehouse, one way. */
import type { Example } from '../harness/run-example.ts'
import { auditPayments } from './audit.ts'
import { fill, steps } from './steps.ts'
import { openSystems, type Payments } from './systems.ts'

export const payments: Example<Payments> = {
  name: 'stripe-payments-to-warehouse',
  folder: import.meta.dirname,
  records: 200,
  systems: async (hooks, records) => {
    const systems = await openSystems(hooks)
    fill(systems, records)
    // Stripe tells of what happens from here on; what is there already is what the first load is for.
    systems.account.sendTo(systems.endpoint)
    return systems
  },
  steps,
  audit: auditPayments,
}
