/** Simulated actions of users, and faults. */
import type { Step } from '../harness/run-example.ts'
import type { Users } from './systems.ts'

const firstLoad: Step<Users> = {
  title: 'First load',
  run: async (context) => {
    await context.settled()
    context.say(
      `JSONPlaceholder's users are in the table, the table's own in the API: ${(await context.systems.rows()).length}.`,
    )
  },
}

const edits: Step<Users> = {
  title: 'Edits, a new user, one that is deleted',
  run: async (context) => {
    const { systems } = context
    await systems.request('PATCH', '/users/1', { phone: '+49 228 1' })
    await systems.query(`update users set city = 'Bonn' where name = 'Ervin Howell'`)
    await systems.request('POST', '/users', {
      name: 'Ada',
      email: 'ada@example.org',
      phone: '1',
      address: { street: 'A 1', city: 'Ulm' },
    })
    await systems.query(`delete from users where name = 'Clementina DuBuque'`)
    // A minute would do as well: these are the two full listings that the definition asks for at their times.
    await context.isthmus('full')
    await context.settled()
    const city = (await systems.apiUsers()).find(({ id }) => id === 2)?.address?.city
    context.say(
      `Ervin Howell lives in ${city} in both; Clementina DuBuque is gone from both, after two looks.`,
    )
  },
}

const faults: Step<Users> = {
  title: 'Both systems restart, and Isthmus is killed',
  run: async (context) => {
    const { systems, records } = context
    const away = [systems.apiFront.restart(2_000), systems.databaseFront.restart(1_000)]
    for (let n = 1; n <= records; n += 1) {
      const values = [`Late ${n}`, `late-${n}@example.org`, String(n), `Street ${n}`, 'Köln']
      await systems.query(
        'insert into users (name, email, phone, street, city) values ($1, $2, $3, $4, $5)',
        values,
      )
    }
    await Promise.all(away)
    await context.killAndRestart()
    await context.settled()
    context.say(`${records} new rows, ${records} new users in the API, each once.`)
  },
}

export const steps: readonly Step<Users>[] = [firstLoad, edits, faults]
