/** Stripe's customers, payments and charges as rows of a warehouse, one way. */
import type { Play } from '../stage/play.ts'
import { acts, fill } from './acts.ts'
import { auditPayments } from './audit.ts'
import { openSystems, type Payments } from './cast.ts'

export const payments: Play<Payments> = {
  name: 'stripe-payments-to-warehouse',
  folder: import.meta.dirname,
  records: 200,
  cast: async (hooks, records) => {
    const cast = await openSystems(hooks)
    fill(cast, records)
    // Stripe tells of what happens from here on; what is there already is what the first load is for.
    cast.account.sendTo(cast.endpoint)
    return cast
  },
  acts,
  audit: auditPayments,
}
