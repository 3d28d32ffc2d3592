/**
 * A file-based ERP: it exports its data to one folder and reads orders from another one. It has no API.
 *
 * After each change it exports all customers to a new file, row by row, and creates a marker file when it is complete. Invoices are exported as
 * files of changes. Order files are imported in order of their names and moved to another folder.
 */
import { appendFile, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** As the ERP keeps it: texts, decimals with a comma, J and N. */
export interface Customer {
  readonly number: string
  readonly company: string
  readonly city: string
  readonly credit: string
  readonly blocked: 'J' | 'N'
}

export interface Invoice {
  readonly number: string
  readonly customer: string
  readonly total: string
  /** 20270131 */
  readonly due: string
  readonly paid: 'J' | 'N'
}

/** How an export goes wrong. */
export type Mishap = 'half' | 'cut off' | 'damaged rows'

const customerHead = ['Kunden-Nr.', 'Firma', 'Ort', 'Kreditlimit', 'Sperre']
const invoiceHead = ['Vorgang', 'Beleg', 'Kunden-Nr.', 'Betrag', 'Faellig', 'Bezahlt']
const everyMs = 200
const exportsKept = 3

export class CsvErp {
  readonly customers = new Map<string, Customer>()
  readonly invoices = new Map<string, Invoice>()
  readonly folder: string
  /** Files of orders that it took in so far. */
  taken = 0
  #exports = 0
  #invoiceFiles = 0
  #hasChanged = true
  #isPaused = false
  readonly #stopping = new AbortController()
  #work: Promise<void> = Promise.resolve()

  constructor(folder: string) {
    this.folder = folder
  }

  /** Begins its rounds. */
  start(): void {
    this.#work = this.#rounds()
  }

  async close(): Promise<void> {
    this.#stopping.abort()
    await this.#work
    await rm(this.folder, { recursive: true, force: true })
  }

  /** A clerk makes or changes a customer; it is in the next export. */
  put(customer: Customer): void {
    this.customers.set(customer.number, customer)
    this.#hasChanged = true
  }

  change(number: string, changes: Partial<Customer>): void {
    const before = this.customers.get(number)
    if (before === undefined) throw new RangeError(`the ERP has no customer ${number}`)
    this.put({ ...before, ...changes })
  }

  remove(number: string): void {
    this.customers.delete(number)
    this.#hasChanged = true
  }

  /** No rounds are made until `resume`. */
  async pause(): Promise<void> {
    this.#isPaused = true
    await sleep(2 * everyMs)
  }

  resume(): void {
    this.#isPaused = false
    this.#hasChanged = true
  }

  /** One export that goes wrong, while it is paused; gives the file's name. */
  async exportBadly(mishap: Mishap): Promise<string> {
    const name = this.#nextExport()
    const rows = [...this.customers.values()].map(rowOf)
    const half = rows.slice(0, Math.ceil(rows.length / 2))
    const damaged = rows.map((row, place) => (place % 5 === 4 ? row.split(';').slice(0, 2).join(';') : row))
    const end = `ENDE;${rows.length}`
    switch (mishap) {
      case 'half':
        // The last row ends in the middle of a cell, as it does when somebody looks while a file is written.
        await this.#write(name, `${[customerHead.join(';'), ...half].join('\r\n').slice(0, -3)}`)
        return name
      case 'cut off':
        await this.#write(name, `${[customerHead.join(';'), ...half].join('\r\n')}\r\n`)
        break
      case 'damaged rows':
        await this.#write(name, `${[customerHead.join(';'), ...damaged, end].join('\r\n')}\r\n`)
        break
    }
    await this.#write(`${name}.done`, '')
    return name
  }

  /** Invoices that were made or changed, as one file. `damage` spoils the rows of these numbers. */
  async bill(invoices: readonly Invoice[], damage: readonly string[] = []): Promise<void> {
    for (const invoice of invoices) this.invoices.set(invoice.number, invoice)
    await this.#dropInvoices(
      invoices.map((invoice) => {
        const { number, customer, total, due, paid } = invoice
        return damage.includes(number)
          ? `A;${number};${customer}`
          : ['A', number, customer, total, due, paid].join(';')
      }),
    )
  }

  async cancel(number: string): Promise<void> {
    this.invoices.delete(number)
    await this.#dropInvoices([`L;${number};;;;`])
  }

  async #dropInvoices(rows: readonly string[]): Promise<void> {
    this.#invoiceFiles += 1
    const name = `out/invoices-${String(this.#invoiceFiles).padStart(6, '0')}.csv`
    await this.#write(name, `${[invoiceHead.join(';'), ...rows].join('\r\n')}\r\n`)
    await this.#write(`${name}.done`, '')
  }

  async #rounds(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      if (!this.#isPaused) {
        await this.#takeIn()
        if (this.#hasChanged) await this.#export()
      }
      await sleep(everyMs, undefined, { signal }).catch(() => undefined)
    }
  }

  async #takeIn(): Promise<void> {
    const names = (await readdir(path.join(this.folder, 'in'))).filter((name) => name.endsWith('.csv')).sort()
    for (const name of names) {
      const file = path.join(this.folder, 'in', name)
      const [, ...rows] = (await readFile(file, 'latin1')).split('\r\n')
      for (const row of rows) this.#carryOut(row)
      await rename(file, path.join(this.folder, 'taken', name))
      this.taken += 1
    }
  }

  /** One row of a file of orders: everything that is not the ERP's own is taken over. A create of a known number is a change. */
  #carryOut(row: string): void {
    const [what, number = '', company = '', city = '', , blocked] = row.split(';')
    if (what !== 'create' && what !== 'update' && what !== 'delete') return
    if (what === 'delete') {
      this.remove(number)
      return
    }
    const credit = this.customers.get(number)?.credit ?? '500,00'
    this.put({ number, company, city, credit, blocked: blocked === 'J' ? 'J' : 'N' })
  }

  #nextExport(): string {
    this.#exports += 1
    return `out/customers-${String(this.#exports).padStart(6, '0')}.csv`
  }

  /** In pieces, as a slow program writes. */
  async #export(): Promise<void> {
    this.#hasChanged = false
    const name = this.#nextExport()
    const lines = [
      customerHead.join(';'),
      ...[...this.customers.values()].map(rowOf),
      `ENDE;${this.customers.size}`,
    ].map((line) => `${line}\r\n`)
    const middle = Math.floor(lines.length / 2)
    await this.#write(name, lines.slice(0, middle).join(''))
    await sleep(20)
    await appendFile(path.join(this.folder, name), Buffer.from(lines.slice(middle).join(''), 'latin1'))
    await this.#write(`${name}.done`, '')
    await this.#dropOldExports()
  }

  async #dropOldExports(): Promise<void> {
    const out = path.join(this.folder, 'out')
    const names = (await readdir(out)).filter((name) => /^customers-\d+\.csv$/.test(name)).sort()
    for (const name of names.slice(0, -exportsKept)) {
      await rm(path.join(out, `${name}.done`), { force: true })
      await rm(path.join(out, name), { force: true })
    }
  }

  /** Bytes as an old Windows program writes them. */
  async #write(name: string, text: string): Promise<void> {
    await writeFile(path.join(this.folder, name), Buffer.from(text, 'latin1'))
  }
}

function rowOf({ number, company, city, credit, blocked }: Customer): string {
  return [number, company, city, credit, blocked].join(';')
}

/** An ERP with a folder of its own. */
export async function openErp(): Promise<CsvErp> {
  const folder = await mkdtemp(path.join(tmpdir(), 'isthmus-erp-'))
  for (const name of ['out', 'in', 'taken', 'done']) await mkdir(path.join(folder, name))
  return new CsvErp(folder)
}
