import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const module = fileURLToPath(new URL('./stop-on-signals.ts', import.meta.url))

/** A process that takes `stopMs` to stop. */
async function service(stopMs: number) {
  const code = `
    import { stopOnSignals } from ${JSON.stringify(module)}
    const alive = setInterval(() => {}, 1000)
    const stopped = stopOnSignals(async () => {
      process.stdout.write('stopping ')
      await new Promise((resolve) => setTimeout(resolve, ${stopMs}))
      clearInterval(alive)
    })
    process.stdout.write('ready ')
    await stopped
    process.stdout.write('stopped')`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  const exited = once(child, 'exit')
  const said = async (word: string): Promise<void> => {
    while (!output.includes(word)) await once(child.stdout, 'data')
  }
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  await said('ready')
  return { child, exited, said, output: () => output }
}

describe('stopOnSignals', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('lets the work end on %s, then the process', async (signal) => {
    const { child, exited, output } = await service(50)
    child.kill(signal)
    expect(await exited).toEqual([0, null])
    expect(output()).toBe('ready stopping stopped')
  })

  test('ends at once on a second signal', async () => {
    const { child, exited, said } = await service(60_000)
    child.kill('SIGINT')
    await said('stopping')
    child.kill('SIGINT')
    expect(await exited).toEqual([130, null])
  })
})
