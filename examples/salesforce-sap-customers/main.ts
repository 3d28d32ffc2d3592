/** `node examples/salesforce-sap-customers/main.ts [--once] [--json] [--records 200]` */
import { main } from '../harness/run-example.ts'
import { customers } from './customers.ts'

await main(customers)
