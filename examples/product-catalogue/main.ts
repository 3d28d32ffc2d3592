/** `node examples/product-catalogue/main.ts [--once] [--json] [--records 200]` */
import { main } from '../harness/run-example.ts'
import { catalogue } from './catalogue.ts'

await main(catalogue)
