/** Rotates the keys of a schema, says so after each transaction, and waits to be killed after the first. */
import { createClearCodec } from '../../src/store/clear-codec.ts'
import { PostgresStore } from '../../src/store/postgres/postgres-store.ts'
import { localMasterKey } from '../../src/store/sealing/master-key.ts'

const [connection = '', schema = '', key = ''] = process.argv.slice(2)
const master = localMasterKey(Buffer.from(key, 'hex'), 'the test')
const codec = createClearCodec(Buffer.from('test key of the store'))
const store = new PostgresStore({ connection, schema, codec, poolSize: 2, findMasterKey: async () => master })
await store.migrate()
await store.sealing.rotate(({ rewrapped }) => {
  process.stdout.write(`${rewrapped}\n`)
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000)
})
