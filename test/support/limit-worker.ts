/**
 * A process of its own whose API client shares a rate limit with others through PostgreSQL: `node limit-worker.ts <connection> <api> <calls>
 * <requests> <perMs>`. Prints one line with the number of successful calls.
 */
import { ApiClient } from '../../src/http.ts'
import { createClearCodec } from '../../src/store/clear-codec.ts'
import { PostgresStore } from '../../src/store/postgres/postgres-store.ts'

const [connection = '', api = '', calls = '0', requests = '1', perMs = '1000'] = process.argv.slice(2)
const store = new PostgresStore({ connection, codec: createClearCodec(Buffer.from('test key of the store')) })
const client = new ApiClient({
  baseUrl: api,
  allowHttp: true,
  retry: { retries: 0 },
  headers: { 'x-worker': String(process.pid) },
  limits: {
    rates: [{ requests: Number(requests), perMs: Number(perMs) }],
    shared: { store: store.buckets, key: 'api' },
  },
})
const results = await Promise.allSettled(Array.from({ length: Number(calls) }, () => client.get('/x')))
process.stdout.write(`${results.filter(({ status }) => status === 'fulfilled').length}\n`)
await client.close()
await store.close()
