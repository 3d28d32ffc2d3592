/**
 * Wide records: a first load of records with hundreds of fields into an empty system. Decisions and commits take long here, so this shows whether
 * writes are sent within their time, and what a record costs. Everything runs in separate processes on this machine.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { withTestDatabase } from '../test/support/database.ts'
import { type RemoteFake, spawnFakeSystem } from '../test/support/fake-system/spawn.ts'
import { freePort, startIsthmus } from '../test/support/isthmus-process.ts'
import {
  contacts,
  customerRecord,
  partners,
  twoSystems,
  writeDefinition,
} from '../test/support/two-systems.ts'
import { cpuMsOf } from './cpu.ts'
import { watchMemory } from './memory.ts'
import { nowMs, rounded, sleep } from './statistics.ts'

export interface WideOptions {
  readonly records: number
  /** Fields of each record. */
  readonly fields: number
  /** `node --cpu-prof` for the process of Isthmus. */
  readonly profileInto?: string
  readonly say: (line: string) => void
}

export interface WideFigures {
  readonly records: number
  readonly fields: number
  readonly seconds: number
  /** Processor time of Isthmus' process for each created record, without its start. */
  readonly nodeMsPerCreate: number
  /** Intents that were opened for nothing, because their call could not start in time, for each create. */
  readonly latePerCreate: number
  readonly peakRssMb: number
}

const withinMs = 600_000

export async function benchWide(options: WideOptions): Promise<WideFigures> {
  const { records, fields, profileInto, say } = options
  const directory = mkdtempSync(join(tmpdir(), 'isthmus-wide-'))
  const database = await withTestDatabase({ durable: true })
  const crm = await spawnFakeSystem({ name: 'crm', resources: [contacts] })
  const erp = await spawnFakeSystem({ name: 'erp', resources: [{ ...partners, write: 'both' }] })
  try {
    await fill(crm, records, fields)
    writeDefinition(directory, definition({ crm, erp, fields }))
    const isthmus = await startIsthmus({
      directory,
      port: await freePort(),
      environment: { CRM_HOOK_SECRET: 'whsec_aXN0aG11cw==', DATABASE_URL: database.connection },
      ...(profileInto === undefined ? {} : { nodeOptions: ['--cpu-prof', `--cpu-prof-dir=${profileInto}`] }),
    })
    const stopWatching = watchMemory(isthmus.child.pid)
    const startedAt = nowMs()
    const cpuBefore = cpuMsOf(isthmus.child.pid)
    try {
      while ((await erp.counts('partners')).live < records || !(await isIdle(isthmus.url))) {
        if (nowMs() - startedAt > withinMs) throw new Error(`not all records after ${withinMs} ms`)
        await sleep(200)
      }
      const seconds = rounded((nowMs() - startedAt) / 1_000)
      const nodeMsPerCreate = rounded((cpuMsOf(isthmus.child.pid) - cpuBefore) / records)
      const [late] = await database.query<{ count: number }>(
        `select count(*)::int as count from isthmus.intent where state = 'unsent' and outcome = 'late'`,
      )
      const latePerCreate = rounded((late?.count ?? 0) / records)
      say(
        `${records} creates of ${fields} fields in ${seconds} s: ${nodeMsPerCreate} ms each, ${late?.count} late`,
      )
      return { records, fields, seconds, nodeMsPerCreate, latePerCreate, peakRssMb: stopWatching().peakRssMb }
    } finally {
      stopWatching()
      await isthmus.stop()
    }
  } finally {
    await crm.close()
    await erp.close()
    await database.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

async function fill(crm: RemoteFake, records: number, fields: number): Promise<void> {
  const values = Object.fromEntries(fieldNames(fields).map((name) => [name, `A value of ${name}`]))
  for (let at = 0; at < records; at += 50) {
    const create = Array.from({ length: Math.min(50, records - at) }, (_, n) => ({
      ...customerRecord(at + n + 1),
      ...values,
    }))
    await crm.edit({ resource: 'contacts', create })
  }
}

function fieldNames(fields: number): readonly string[] {
  return Array.from({ length: fields - 2 }, (_, n) => `field${n + 1}`)
}

function definition(setup: { readonly crm: RemoteFake; readonly erp: RemoteFake; readonly fields: number }) {
  const { crm, erp, fields } = setup
  const names = ['code', 'name', ...fieldNames(fields)]
  const map = Object.fromEntries(names.map((name) => [name, name]))
  const types = Object.fromEntries(names.map((name) => [name, 'string']))
  return twoSystems({
    crmUrl: crm.url,
    erpUrl: erp.url,
    crmResource: { read: { batch: { parameter: 'id', style: 'repeat', max: 50 } } },
    erpSystem: { timing: { readTimeout: '30s', writeTimeout: '30s' } },
    customer: { fields: { ...types, code: { type: 'string', required: true } } },
    crmPart: { map },
    erpPart: { map },
  })
}

async function isIdle(url: string): Promise<boolean> {
  const response = await fetch(`${url}/api/v1/status`)
  const { counts } = (await response.json()) as StatusDocument // our own document
  return counts.queue.due + counts.queue.running === 0
}

interface StatusDocument {
  readonly counts: { readonly queue: { readonly due: number; readonly running: number } }
}
