/** The scenarios: edits and faults, derived from one seed and identical for each contestant. */
import { customerRecord, hookSecret } from '../../test/support/two-systems.ts'
import type { Diary } from './audit.ts'
import type { Contestant, Systems } from './contestants.ts'

export interface World {
  readonly systems: Systems
  readonly contestant: Contestant
  readonly diary: Diary
  /** Native ids of the initial records, by system and number. */
  readonly ids: Readonly<Record<'crm' | 'erp', readonly string[]>>
  /** [0, 1), determined by the seed. */
  readonly random: () => number
}

export type Scenario = (world: World) => Promise<void>

const resourceOf = { crm: 'contacts', erp: 'partners' } as const
const fields = ['name', 'email', 'phone', 'city'] as const
type Name = 'crm' | 'erp'

const codeOf = (n: number): string => String(customerRecord(n + 1).code)

async function edit(world: World, system: Name, n: number, field: string): Promise<void> {
  const { systems, diary, ids } = world
  const value = `${field} ${diary.edits.length} ${system}`
  const id = ids[system][n] ?? ''
  const before = await systems[system].replace({
    resource: resourceOf[system],
    id,
    change: { [field]: value },
  })
  diary.edits.push({ system, code: codeOf(n), field, value, replaced: String(before[field] ?? '') })
}

async function enter(world: World, system: Name, n: number): Promise<void> {
  world.diary.entered.add(codeOf(n))
  await world.systems[system].edit({ resource: resourceOf[system], create: [customerRecord(n + 1)] })
  // Recorded only once it is visible to everyone.
  world.diary.entries.push({ system, code: codeOf(n), at: Date.now() })
}

async function remove(world: World, system: Name, n: number): Promise<void> {
  world.diary.deleted.add(codeOf(n))
  await world.systems[system].edit({ resource: resourceOf[system], remove: [world.ids[system][n] ?? ''] })
}

/** Edits by people who do not interfere: each record is edited in one system. */
async function work(world: World, count: number, everyMs: number): Promise<void> {
  const { random, ids } = world
  for (let done = 0; done < count; done += 1) {
    const n = Math.floor(random() * ids.crm.length)
    const field = fields[Math.floor(random() * fields.length)] ?? 'name'
    await edit(world, n % 2 === 0 ? 'crm' : 'erp', n, field)
    await sleep(everyMs * (0.5 + random()))
  }
}

const lossy: readonly {
  readonly kind: 'lose-response' | 'zombie'
  readonly chance: number
  readonly delayMs?: number
}[] = [
  { kind: 'lose-response', chance: 0.25 },
  { kind: 'zombie', chance: 0.15, delayMs: 300 },
]

async function loseResponses({ systems }: World): Promise<void> {
  for (const fault of lossy)
    for (const system of [systems.crm, systems.erp])
      for (const method of ['POST', 'PUT', 'PATCH']) await system.fault({ ...fault, method })
}

async function heal({ systems }: World): Promise<void> {
  await systems.crm.heal()
  await systems.erp.heal()
}

async function disturbWebhooks({ systems, contestant }: World): Promise<void> {
  if (contestant.hookUrl === undefined) return
  const disturbed = { lose: 0.3, duplicate: 0.3, delayMs: 1_500 }
  await systems.crm.sendWebhooksTo({ url: contestant.hookUrl, secret: hookSecret, ...disturbed })
}

async function restart({ contestant }: World): Promise<void> {
  await contestant.kill()
  await sleep(300)
  await contestant.start()
}

async function enterTwice(world: World, first: number, apartMs: readonly number[]): Promise<void> {
  for (const [index, ms] of apartMs.entries()) {
    const [one, other]: readonly [Name, Name] = index % 2 === 0 ? ['erp', 'crm'] : ['crm', 'erp']
    await enter(world, one, first + index)
    await sleep(ms)
    await enter(world, other, first + index)
  }
}

/** In addition to the initial records. */
const fresh = 10_000

export const scenarios: Readonly<Record<string, Scenario>> = {
  calm: (world) => work(world, 30, 200),
  webhooks: async (world) => {
    await disturbWebhooks(world)
    await work(world, 30, 200)
  },
  'lost-responses': async (world) => {
    await loseResponses(world)
    for (let n = 0; n < 5; n += 1) await enter(world, n % 2 === 0 ? 'crm' : 'erp', fresh + n)
    await work(world, 25, 200)
    await heal(world)
  },
  'two-people': async (world) => {
    for (let n = 0; n < 15; n += 1) {
      // The same record at nearly the same time: sometimes the same field, sometimes another.
      await edit(world, 'crm', n, 'city')
      await sleep(world.random() * 400)
      await edit(world, 'erp', n, n % 3 === 0 ? 'phone' : 'city')
      await sleep(200)
    }
  },
  outage: async (world) => {
    await work(world, 5, 200)
    await world.systems.erp.outage()
    for (let n = 0; n < 15; n += 1) {
      await edit(world, 'crm', n, 'city')
      await sleep(4_000)
    }
    await heal(world)
  },
  kills: async (world) => {
    for (let round = 0; round < 3; round += 1) {
      await enter(world, 'crm', fresh + round)
      await work(world, 8, 100)
      await restart(world)
    }
  },
  deletes: async (world) => {
    await work(world, 5, 200)
    for (let n = 0; n < 6; n += 1) {
      await remove(world, n % 2 === 0 ? 'crm' : 'erp', n)
      await sleep(300)
    }
    await world.systems.crm.fault({
      kind: 'empty-list',
      method: 'GET',
      path: '^/contacts(\\?(?!.*(?:since|from|code)).*)?$',
      times: 1,
    })
    await sleep(12_000)
    await heal(world)
  },
  'double-entry': (world) => enterTwice(world, fresh, [200, 500, 1_500, 3_000, 6_000, 200, 1_000, 4_000]),
  everything: async (world) => {
    await disturbWebhooks(world)
    await loseResponses(world)
    await work(world, 10, 150)
    await restart(world)
    await enterTwice(world, fresh, [3_000, 6_000])
    await remove(world, 'crm', 38)
    await world.systems.erp.outage()
    for (let n = 10; n < 15; n += 1) {
      await edit(world, 'crm', n, 'phone')
      await sleep(2_000)
    }
    await heal(world)
    await loseResponses(world)
    await work(world, 10, 150)
    await restart(world)
    await heal(world)
  },
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
