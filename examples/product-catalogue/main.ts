/** `node examples/product-catalogue/main.ts [--once] [--json] [--records 200]` */
import { main } from '../stage/play.ts'
import { catalogue } from './catalogue.ts'

await main(catalogue)
