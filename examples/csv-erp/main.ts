/** `node examples/csv-erp/main.ts [--once] [--json] [--records 200]` */
import { main } from '../stage/play.ts'
import { customers } from './customers.ts'

await main(customers)
