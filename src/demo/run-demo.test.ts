import { expect, test } from 'vitest'
import { startDemo } from './run-demo.ts'

test('the demo converges: nothing lost, nothing doubled, nothing written once all is quiet', {
  timeout: 240_000,
}, async () => {
  const reported: string[] = []
  const say = (line: string) => void reported.push(line)
  const demo = await startDemo({ narrator: { step: say, emit: say, progress: say }, loadSize: 60, port: 0 })
  try {
    const result = await demo.run()
    expect(result, reported.join('\n')).toMatchObject({
      converged: true,
      duplicates: 0,
      lost: 0,
      writesAtQuiescence: 0,
    })
    expect(result.records).toBeGreaterThanOrEqual(60)
    const page = await fetch(demo.statusUrl)
    expect(page.headers.get('content-type')).toContain('text/html')
  } finally {
    await demo.close()
  }
  await expect(fetch(demo.statusUrl)).rejects.toThrow()
})
