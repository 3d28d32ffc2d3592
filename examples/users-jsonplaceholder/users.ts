/** JSONPlaceholder's users and a PostgreSQL table, two ways. */
import type { Example } from '../harness/run-example.ts'
import { auditUsers } from './audit.ts'
import { steps } from './steps.ts'
import { openUsers, type Users } from './systems.ts'

export const users: Example<Users> = {
  name: 'users-jsonplaceholder',
  folder: import.meta.dirname,
  records: 50,
  systems: async () => {
    const systems = await openUsers()
    // Known to the table alone, and to both: Leanne Graham is JSONPlaceholder's first user.
    await systems.query(`insert into users (name, email, phone, street, city) values
      ('Grace', 'grace@example.org', '2', 'B 2', 'Essen'),
      ('Leanne Graham', 'sincere@april.biz', '1-770-736-8031 x56442', 'Kulas Light', 'Gwenborough')`)
    return systems
  },
  steps,
  audit: auditUsers,
}
