/** JSONPlaceholder's users and a PostgreSQL table, two ways. */
import type { Play } from '../stage/play.ts'
import { acts } from './acts.ts'
import { auditUsers } from './audit.ts'
import { openUsers, type Users } from './cast.ts'

export const users: Play<Users> = {
  name: 'users-jsonplaceholder',
  folder: import.meta.dirname,
  records: 50,
  cast: async () => {
    const cast = await openUsers()
    // Known to the table alone, and to both: Leanne Graham is JSONPlaceholder's first user.
    await cast.query(`insert into users (name, email, phone, street, city) values
      ('Grace', 'grace@example.org', '2', 'B 2', 'Essen'),
      ('Leanne Graham', 'sincere@april.biz', '1-770-736-8031 x56442', 'Kulas Light', 'Gwenborough')`)
    return cast
  },
  acts,
  audit: auditUsers,
}
