/** A process that claims due records and then hangs, to be killed: `node store-worker.ts CONNECTION SCHEMA`. */
import { createClearCodec } from '../../src/store/clear-codec.ts'
import { PostgresStore } from '../../src/store/postgres/postgres-store.ts'

const [connection = '', schema = ''] = process.argv.slice(2)
const codec = createClearCodec(Buffer.from('test key of the store'))
const store = new PostgresStore({ connection, schema, codec })
const worker = await store.registerWorker()
const { records } = await store.claim({ worker: worker.id, limit: 10, leaseMs: 3_600_000 })
process.stdout.write(`${records.length}\n`)
setInterval(() => {}, 1000)
