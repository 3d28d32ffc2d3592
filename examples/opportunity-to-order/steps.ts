/** Simulated actions of users, and faults of the two systems, the network and Isthmus. */
import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Step, StepContext } from '../harness/run-example.ts'
import type { Sales } from './systems.ts'

type SalesScene = StepContext<Sales>

/** Before Isthmus: three of four are won, the others still open. */
export function fill(sales: Sales, records: number): void {
  for (let n = 1; n <= records; n += 1)
    sales.open(`Old ${n}`, n % 4 === 0 ? 'Negotiation/Review' : 'Closed Won')
}

function win({ systems }: SalesScene, name: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => systems.open(`${name} ${index + 1}`, 'Closed Won'))
}

const kills: Step<Sales> = {
  title: 'The first load, while Isthmus is killed again and again',
  run: async (context) => {
    const { systems } = context
    for (let round = 1; round <= 4; round += 1) {
      win(context, `Won in round ${round}`, 10)
      // Not of the clock but of the work: so many orders later it is gone.
      const orders = systems.erp.orders.count() + randomInt(1, 15)
      const deadline = Date.now() + 10_000
      while (systems.erp.orders.count() < orders && Date.now() < deadline) await sleep(randomInt(1, 20))
      await context.killAndRestart()
      context.say(`kill -9 with ${systems.erp.orders.count()} orders made; started again.`)
    }
    await context.settled()
    context.say(`${systems.erp.orders.count()} orders, one of each opportunity that is won.`)
  },
}

const lostResponses: Step<Sales> = {
  title: 'SAP makes orders, and the responses are lost',
  run: async (context) => {
    const { systems } = context
    // A request carries up to 50 creates; the two first of them both stay without a response, then one that comes later.
    for (const after of [0, 0, 2]) systems.erpFaults.loseNextResponse({ method: 'POST', after })
    win(context, 'Unanswered', 60)
    await sleep(randomInt(200, 1_500))
    context.say('Isthmus is killed while it does not know what became of them.')
    systems.erpFaults.loseNextResponse({ method: 'POST' })
    await context.killAndRestart()
    await context.settled()
    context.say('It looked for its own mark in SAP before making any again: sixty orders.')
  },
}

const restarts: Step<Sales> = {
  title: 'SAP is restarted, and sessions end',
  run: async (context) => {
    const { systems } = context
    for (let round = 1; round <= 3; round += 1) {
      win(context, `Before restart ${round}`, 10)
      await sleep(randomInt(50, 1_500))
      const away = systems.erpFront.restart(randomInt(300, 2_000))
      systems.erp.server.sessions.endAll()
      win(context, `During restart ${round}`, 10)
      await away
    }
    context.say(
      'Thrice restarted. Then sessions alone end: each CSRF token that Isthmus has is worth nothing.',
    )
    for (let round = 1; round <= 5; round += 1) {
      win(context, `Without a session ${round}`, 5)
      await sleep(randomInt(50, 500))
      systems.erp.server.sessions.endAll()
    }
    await context.settled()
    context.say(`${systems.erp.orders.count()} orders, still one of each.`)
  },
}

const messages: Step<Sales> = {
  title: 'Outbound messages come late, twice, and in no order',
  run: async (context) => {
    const { systems } = context
    const ids = Array.from({ length: 20 }, (_, index) =>
      systems.open(`Told ${index + 1}`, 'Negotiation/Review'),
    )
    // One message of the opening, one of the win, both sent thrice; some come before anything is won.
    const sent = shuffled(
      [...ids, ...ids, ...ids].flatMap((id) => [1, 2].map((notification) => ({ id, notification }))),
    )
    const acknowledged = Promise.all(
      sent.map(async ({ id, notification }) => {
        await sleep(randomInt(1, 1_500))
        return systems.notify(id, notification)
      }),
    )
    for (const id of shuffled(ids)) {
      await sleep(randomInt(1, 50))
      systems.move(id, 'Closed Won')
    }
    const count = (await acknowledged).filter(Boolean).length
    await context.settled()
    context.say(`${count} messages were acknowledged; twenty opportunities, twenty orders.`)
    context.say('Some are opened again and won again. The order is there already.')
    for (const id of ids.slice(0, 5)) systems.move(id, 'Negotiation/Review')
    await sleep(2_500)
    for (const id of ids.slice(0, 5)) systems.move(id, 'Closed Won')
    await sleep(2_500)
  },
}

function shuffled<T>(list: readonly T[]): T[] {
  return list
    .map((value) => ({ value, at: randomInt(1_000_000) }))
    .sort((left, right) => left.at - right.at)
    .map(({ value }) => value)
}

export const steps: readonly Step<Sales>[] = [kills, lostResponses, restarts, messages]
