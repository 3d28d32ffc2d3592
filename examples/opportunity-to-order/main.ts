/** `node examples/opportunity-to-order/main.ts [--once] [--json] [--records 200]` */
import { main } from '../stage/play.ts'
import { orders } from './orders.ts'

await main(orders)
