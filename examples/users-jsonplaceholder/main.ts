/** `node examples/users-jsonplaceholder/main.ts [--once] [--json] [--records 50]` */
import { main } from '../stage/play.ts'
import { users } from './users.ts'

await main(users)
