/** What people do to the two, and what breaks. */
import type { Act } from '../stage/play.ts'
import type { Users } from './cast.ts'

const firstLoad: Act<Users> = {
  title: 'First load',
  play: async (scene) => {
    await scene.settled()
    scene.say(
      `JSONPlaceholder's users are in the table, the table's own in the API: ${(await scene.cast.rows()).length}.`,
    )
  },
}

const edits: Act<Users> = {
  title: 'Edits, a new user, one that is deleted',
  play: async (scene) => {
    const { cast } = scene
    await cast.request('PATCH', '/users/1', { phone: '+49 228 1' })
    await cast.query(`update users set city = 'Bonn' where name = 'Ervin Howell'`)
    await cast.request('POST', '/users', {
      name: 'Ada',
      email: 'ada@example.org',
      phone: '1',
      address: { street: 'A 1', city: 'Ulm' },
    })
    await cast.query(`delete from users where name = 'Clementina DuBuque'`)
    // A minute would do as well: these are the two full listings that the definition asks for at their times.
    await scene.isthmus('full')
    await scene.settled()
    const city = (await cast.apiUsers()).find(({ id }) => id === 2)?.address?.city
    scene.say(`Ervin Howell lives in ${city} in both; Clementina DuBuque is gone from both, after two looks.`)
  },
}

const faults: Act<Users> = {
  title: 'Both systems restart, and Isthmus is killed',
  play: async (scene) => {
    const { cast, records } = scene
    const away = [cast.apiFront.restart(2_000), cast.databaseFront.restart(1_000)]
    for (let n = 1; n <= records; n += 1) {
      const values = [`Late ${n}`, `late-${n}@example.org`, String(n), `Street ${n}`, 'Köln']
      await cast.query(
        'insert into users (name, email, phone, street, city) values ($1, $2, $3, $4, $5)',
        values,
      )
    }
    await Promise.all(away)
    await scene.killAndRestart()
    await scene.settled()
    scene.say(`${records} new rows, ${records} new users in the API, each once.`)
  },
}

export const acts: readonly Act<Users>[] = [firstLoad, edits, faults]
