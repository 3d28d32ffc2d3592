/** A fake S/4HANA as a process of its own: `node main.ts '<options as JSON>'`. Its first line of output contains its address and credentials. */
import { startSapServer } from './server.ts'

interface ProcessOptions {
  readonly sessionIdleMs?: number
  readonly pageSizeMax?: number
}

const options = JSON.parse(process.argv[2] ?? '{}') as ProcessOptions
const sap = await startSapServer(options)
process.stdout.write(
  `${JSON.stringify({ url: sap.url, user: 'ISTHMUS', password: 'Welcome1', client: '100' })}\n`,
)
const stop = (): void => void sap.close().then(() => process.exit(0))
process.once('SIGTERM', stop)
process.once('SIGINT', stop)
// Ends with its parent, so that no fake outlives its test.
process.stdin.resume()
process.stdin.once('end', stop)
