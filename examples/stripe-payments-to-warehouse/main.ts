/** `node examples/stripe-payments-to-warehouse/main.ts [--once] [--json] [--records 200]` */
import { main } from '../harness/run-example.ts'
import { payments } from './payments.ts'

await main(payments)
