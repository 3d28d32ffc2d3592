/**
 * A first load: all accounts of a Salesforce org become business partners of an empty S/4HANA. The accounts are read through Bulk API 2.0, the
 * partners written in `$batch`. Both systems are fakes in separate processes, and so is Isthmus, with its PostgreSQL; the measurements are the time
 * until SAP has every partner, and the memory of Isthmus' process until then.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, type IsthmusProcess, startIsthmus } from '../test/support/isthmus-process.ts'
import { type RemoteSalesforce, spawnFakeSalesforce } from '../test/support/salesforce/spawn.ts'
import { type RemoteSap, spawnFakeSap } from '../test/support/sap/spawn.ts'
import { cpuMsOf, cpuMsOfFamily, postgresServersOf } from './cpu.ts'
import { watchMemory } from './memory.ts'
import { nowMs, rounded, sleep } from './statistics.ts'

export interface FirstLoadOptions {
  readonly records: number
  readonly say: (line: string) => void
}

export interface FirstLoadFigures {
  readonly records: number
  /** From the start of Isthmus' process until SAP has all partners. */
  readonly seconds: number
  readonly recordsPerSecond: number
  /** Until the first partner was created: SAP has to be listed completely first, so that nothing is created twice. */
  readonly firstPartnerSeconds: number
  /**
   * Processor time of Isthmus' process for each record, for every tenth of the records; the first includes reading the org. Growth would be visible
   * here even on a busy machine.
   */
  readonly cpuMsPerRecord: readonly number[]
  /** Processor time of PostgreSQL for each record, until nothing is due any more. */
  readonly postgresCpuMsPerRecord: number
  readonly peakRssMb: number
  /** Resident memory of Isthmus' process in MB, every tenth of the run: shows whether it is constant. */
  readonly rssMb: readonly number[]
  readonly partners: number
  /** Number of partners once nothing is due any more. */
  readonly partnersAtRest: number
}

const withinMs = 3_600_000

export async function benchFirstLoad({ records, say }: FirstLoadOptions): Promise<FirstLoadFigures> {
  const directory = mkdtempSync(join(tmpdir(), 'isthmus-first-load-'))
  await using crm = await spawnFakeSalesforce({ accounts: records, bulkPage: 10_000 })
  await using erp = await spawnFakeSap()
  say(`an org with ${records} accounts, an S/4HANA without partners`)
  writeFileSync(join(directory, 'isthmus.yaml'), JSON.stringify(definition(crm, erp)))
  const startedAt = nowMs()
  const isthmus = await startIsthmus({
    directory,
    port: await freePort(),
    environment: { CRM_SECRET: crm.clientSecret, ERP_PASSWORD: erp.password },
  })
  const stopWatching = watchMemory(isthmus.child.pid)
  const servers = postgresServersOf(isthmus.child.pid)
  try {
    const counts = await untilMade(erp, records, { isthmus, startedAt, say })
    const last = counts.at(-1)
    const seconds = (last?.seconds ?? 0) || 1
    const memory = stopWatching()
    await untilIdle(isthmus)
    return {
      records,
      seconds: rounded(seconds),
      recordsPerSecond: Math.round(records / seconds),
      firstPartnerSeconds: rounded(counts.find(({ partners }) => partners > 0)?.seconds ?? 0),
      cpuMsPerRecord: cpuByTenth(counts, records),
      postgresCpuMsPerRecord: rounded(cpuMsOfFamily(servers) / records),
      ...memory,
      partners: last?.partners ?? 0,
      partnersAtRest: await erp.countPartners(),
    }
  } finally {
    stopWatching()
    await isthmus.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

interface Count {
  readonly seconds: number
  readonly partners: number
  readonly cpuMs: number
}

async function untilMade(
  erp: RemoteSap,
  records: number,
  {
    isthmus,
    startedAt,
    say,
  }: { readonly isthmus: IsthmusProcess; readonly startedAt: number; readonly say: FirstLoadOptions['say'] },
): Promise<readonly Count[]> {
  const counts: Count[] = []
  for (;;) {
    const partners = await erp.countPartners()
    const seconds = (nowMs() - startedAt) / 1_000
    counts.push({ seconds, partners, cpuMs: cpuMsOf(isthmus.child.pid) })
    if (counts.length % 10 === 0) say(`${Math.round(seconds)} s: ${partners} partners`)
    if (partners >= records) return counts
    if (seconds * 1_000 > withinMs) throw new Error(`only ${partners} of ${records} partners within an hour`)
    await sleep(1_000)
  }
}

function cpuByTenth(counts: readonly Count[], records: number): readonly number[] {
  const marks = Array.from({ length: 11 }, (_, tenth) =>
    counts.find(({ partners }) => partners >= (tenth * records) / 10),
  )
  return marks.slice(1).map((mark, index) => {
    const before = marks[index]
    const made = (mark?.partners ?? 0) - (before?.partners ?? 0)
    return made === 0 ? 0 : rounded(((mark?.cpuMs ?? 0) - (before?.cpuMs ?? 0)) / made)
  })
}

interface StatusResponse {
  readonly counts: { readonly queue: { readonly due: number; readonly running: number } }
}

async function untilIdle({ url }: IsthmusProcess): Promise<void> {
  for (;;) {
    const response = await fetch(`${url}/api/v1/status`)
    const { counts } = (await response.json()) as StatusResponse // our own document
    if (counts.queue.due + counts.queue.running === 0) return
    await sleep(500)
  }
}

function definition(crm: RemoteSalesforce, erp: RemoteSap): object {
  const wide = { atLeast: 10_000_000 }
  return {
    integration: 'first-load',
    systems: {
      crm: {
        connector: 'salesforce',
        url: crm.url,
        allowHttp: true,
        auth: {
          type: 'oauth2-client-credentials',
          tokenUrl: `${crm.url}/services/oauth2/token`,
          clientId: crm.clientId,
          clientSecret: `\${env:CRM_SECRET}`,
        },
        externalId: 'Isthmus_Id__c',
        bulk: { pageRows: 10_000, poll: '500ms' },
        limits: { concurrency: 200 },
        timing: { readTimeout: '60s', writeTimeout: '60s' },
      },
      erp: {
        connector: 'sap-s4',
        url: erp.url,
        allowHttp: true,
        client: erp.client,
        auth: { type: 'basic', username: erp.user, password: `\${env:ERP_PASSWORD}` },
        limits: { concurrency: 200 },
        timing: { readTimeout: '60s', writeTimeout: '60s' },
      },
    },
    entities: {
      customer: {
        fields: { name: { type: 'string', required: true }, number: 'string' },
        match: [{ exact: ['number'] }],
        conflict: 'prefer erp crm',
        guard: { create: wide, update: wide },
        systems: {
          crm: {
            resource: 'Account',
            key: 'Isthmus_Id__c',
            acceptRaceWindow: true,
            map: { name: 'Name', number: 'AccountNumber' },
            triggers: [{ poll: '1m' }, { full: '0 3 * * 0' }],
          },
          erp: {
            resource: 'BusinessPartner',
            onCreate: { BusinessPartnerCategory: '2' },
            spells: { absent: 'empty', null: 'empty' },
            map: {
              name: { path: 'OrganizationBPName1', maxLength: 40 },
              number: { path: 'SearchTerm1', maxLength: 20 },
            },
            triggers: [{ poll: '1m' }, { full: '30 3 * * 0' }],
          },
        },
      },
    },
  }
}
