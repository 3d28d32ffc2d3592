/**
 * A process of its own with several API clients that share tokens through PostgreSQL:
 * `node token-worker.ts <connection> <api> <clients>`. Prints one line with how many calls went well.
 */
import { ApiClient } from '../../src/http.ts'
import { createClearCodec } from '../../src/store/clear-codec.ts'
import { PostgresStore } from '../../src/store/postgres/postgres-store.ts'

const [connection = '', api = '', clients = '1'] = process.argv.slice(2)
const store = new PostgresStore({ connection, codec: createClearCodec(Buffer.from('test key of the store')) })
const workers = Array.from(
  { length: Number(clients) },
  () =>
    new ApiClient({
      baseUrl: api,
      allowHttp: true,
      retry: { retries: 0 },
      tokens: store.tokens,
      auth: {
        type: 'oauth2-refresh-token',
        tokenUrl: `${api}/token`,
        clientId: 'worker',
        clientSecret: 'secret',
        refreshToken: 'first',
      },
    }),
)
const results = await Promise.allSettled(workers.map((worker) => worker.get('/x')))
process.stdout.write(`${results.filter(({ status }) => status === 'fulfilled').length}\n`)
await Promise.all(workers.map((worker) => worker.close()))
await store.close()
