/** A fake system as a process of its own: `node main.ts '<options as JSON>'`. Its first line of output is `{"url":"…"}`. */
import { startFakeSystem } from './fake-system.ts'
import type { FakeSystemOptions } from './options.ts'

const options = JSON.parse(process.argv[2] ?? '{}') as FakeSystemOptions
const fake = await startFakeSystem(options)
process.stdout.write(`${JSON.stringify({ url: fake.url })}\n`)
const stop = (): void => void fake.close().then(() => process.exit(0))
process.once('SIGTERM', stop)
process.once('SIGINT', stop)
// Ends with its parent, so that no fake outlives its test.
process.stdin.resume()
process.stdin.once('end', stop)
