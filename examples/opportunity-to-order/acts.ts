/** What happens to the two systems, to what is between them, and to Isthmus. */
import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Act, Scene } from '../stage/play.ts'
import type { Sales } from './cast.ts'

type SalesScene = Scene<Sales>

/** Before Isthmus: three of four are won, the others still open. */
export function fill(sales: Sales, records: number): void {
  for (let n = 1; n <= records; n += 1)
    sales.open(`Old ${n}`, n % 4 === 0 ? 'Negotiation/Review' : 'Closed Won')
}

function win({ cast }: SalesScene, name: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => cast.open(`${name} ${index + 1}`, 'Closed Won'))
}

const kills: Act<Sales> = {
  title: 'The first load, while Isthmus is killed again and again',
  play: async (scene) => {
    const { cast } = scene
    for (let round = 1; round <= 4; round += 1) {
      win(scene, `Won in round ${round}`, 10)
      // Not of the clock but of the work: so many orders later it is gone.
      const orders = cast.erp.orders.count() + randomInt(1, 15)
      const deadline = Date.now() + 10_000
      while (cast.erp.orders.count() < orders && Date.now() < deadline) await sleep(randomInt(1, 20))
      await scene.killAndRestart()
      scene.say(`kill -9 with ${cast.erp.orders.count()} orders made; started again.`)
    }
    await scene.settled()
    scene.say(`${cast.erp.orders.count()} orders, one of each opportunity that is won.`)
  },
}

const lostAnswers: Act<Sales> = {
  title: 'SAP makes orders, and the answers are lost',
  play: async (scene) => {
    const { cast } = scene
    // A request carries up to 50 creates; the two first of them both stay without an answer, then one that comes later.
    for (const after of [0, 0, 2]) cast.erpFaults.loseNextAnswer({ method: 'POST', after })
    win(scene, 'Unanswered', 60)
    await sleep(randomInt(200, 1_500))
    scene.say('Isthmus is killed while it does not know what became of them.')
    cast.erpFaults.loseNextAnswer({ method: 'POST' })
    await scene.killAndRestart()
    await scene.settled()
    scene.say('It looked for its own mark in SAP before making any again: sixty orders.')
  },
}

const restarts: Act<Sales> = {
  title: 'SAP is restarted, and sessions end',
  play: async (scene) => {
    const { cast } = scene
    for (let round = 1; round <= 3; round += 1) {
      win(scene, `Before restart ${round}`, 10)
      await sleep(randomInt(50, 1_500))
      const away = cast.erpFront.restart(randomInt(300, 2_000))
      cast.erp.server.sessions.endAll()
      win(scene, `During restart ${round}`, 10)
      await away
    }
    scene.say('Thrice restarted. Then sessions alone end: each CSRF token that Isthmus has is worth nothing.')
    for (let round = 1; round <= 5; round += 1) {
      win(scene, `Without a session ${round}`, 5)
      await sleep(randomInt(50, 500))
      cast.erp.server.sessions.endAll()
    }
    await scene.settled()
    scene.say(`${cast.erp.orders.count()} orders, still one of each.`)
  },
}

const messages: Act<Sales> = {
  title: 'Outbound messages come late, twice, and in no order',
  play: async (scene) => {
    const { cast } = scene
    const ids = Array.from({ length: 20 }, (_, index) => cast.open(`Told ${index + 1}`, 'Negotiation/Review'))
    // One message of the opening, one of the win, both sent thrice; some come before anything is won.
    const sent = shuffled(
      [...ids, ...ids, ...ids].flatMap((id) => [1, 2].map((notification) => ({ id, notification }))),
    )
    const acknowledged = Promise.all(
      sent.map(async ({ id, notification }) => {
        await sleep(randomInt(1, 1_500))
        return cast.notify(id, notification)
      }),
    )
    for (const id of shuffled(ids)) {
      await sleep(randomInt(1, 50))
      cast.move(id, 'Closed Won')
    }
    const count = (await acknowledged).filter(Boolean).length
    await scene.settled()
    scene.say(`${count} messages were acknowledged; twenty opportunities, twenty orders.`)
    scene.say('Some are opened again and won again. The order is there already.')
    for (const id of ids.slice(0, 5)) cast.move(id, 'Negotiation/Review')
    await sleep(2_500)
    for (const id of ids.slice(0, 5)) cast.move(id, 'Closed Won')
    await sleep(2_500)
  },
}

function shuffled<T>(list: readonly T[]): T[] {
  return list
    .map((value) => ({ value, at: randomInt(1_000_000) }))
    .sort((left, right) => left.at - right.at)
    .map(({ value }) => value)
}

export const acts: readonly Act<Sales>[] = [kills, lostAnswers, restarts, messages]
