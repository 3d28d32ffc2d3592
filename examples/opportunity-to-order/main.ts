/** `node examples/opportunity-to-order/main.ts [--once] [--json] [--records 200]` */
import { main } from '../harness/run-example.ts'
import { orders } from './orders.ts'

await main(orders)
