/** The server for the client's measurement, in a separate process so that its work is not counted as a client's. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const record = {
  id: 4711,
  name: 'Ada Lovelace',
  email: 'ada@example.org',
  address: {
    street: '12 St James Square',
    city: 'London',
    zip: 'SW1Y 4JH',
    geo: { lat: '51.5074', lng: '-0.1278' },
  },
  tags: Array.from({ length: 12 }, (_, index) => `tag number ${index}`),
  notes: 'x'.repeat(400),
}
const body = Buffer.from(JSON.stringify(record))
const headers = {
  'content-type': 'application/json; charset=utf-8',
  'content-length': String(body.byteLength),
  'cache-control': 'no-store',
  'x-request-id': 'bench-1',
}

const server = createServer({ keepAlive: true, keepAliveTimeout: 60_000 }, (request, response) => {
  request.resume()
  response.writeHead(200, headers)
  response.end(body)
})
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
process.on('disconnect', () => process.exit(0))
