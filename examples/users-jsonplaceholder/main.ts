/** `node examples/users-jsonplaceholder/main.ts [--once] [--json] [--records 50]` */
import { main } from '../harness/run-example.ts'
import { users } from './users.ts'

await main(users)
