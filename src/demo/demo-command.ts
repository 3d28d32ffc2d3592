/** The command `demo`: runs the whole demo. */

import type { Command } from 'commander'
import type { Run } from '../cli/command.ts'
import { parseCount, parsePort } from '../cli/command.ts'
import type { CliContext } from '../cli/context.ts'
import { exitCodes } from '../cli/exit-codes.ts'
import type { Output } from '../cli/output.ts'
import { counted } from '../model/health/words.ts'
import { type Demo, type DemoResult, startDemo } from './run-demo.ts'
import type { Narrator } from './step-context.ts'

interface DemoCommandOptions {
  readonly once?: boolean
  readonly records: number
  readonly port?: number
}

function narratorFor(output: Output): Narrator {
  let step = 0
  return {
    step: (title) => {
      step += 1
      output.say(`\n${output.style.bold(`${step}. ${title}`)}`)
      if (output.json) output.progress(`${step}. ${title}`)
    },
    emit: (line) => output.say(`   ${line}`),
    progress: (line) => output.progress(`   ${line}`),
  }
}

function draw(result: DemoResult): string {
  return [
    '',
    result.converged ? 'Both systems agree.' : 'The systems do NOT agree:',
    `  ${counted(result.records, 'customer')} equal in both, ${counted(result.duplicates, 'duplicate')}, ${result.lost} lost, ${counted(result.conflicts, 'conflict')} noticed,`,
    `  ${result.writesAtQuiescence} writes when there was nothing to write, p95 of a single edit ${result.p95Ms} ms, ${result.seconds} s in all.`,
    '  (compared over HTTP, customer by customer)',
  ].join('\n')
}

function invite(output: Output, demo: Demo): void {
  output.say('\nEverything keeps running until you press Ctrl-C. Try it yourself:')
  output.say(
    `  curl -X PATCH ${demo.crmUrl}/users/1 -H 'content-type: application/json' -d '{"website":"my-edit.example"}'`,
  )
  output.say(`  and watch ${demo.statusUrl}`)
}

function untilInterrupted(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve())
    process.once('SIGTERM', () => resolve())
  })
}

async function demo(context: CliContext, options: DemoCommandOptions): Promise<number> {
  const { output } = context
  output.say('Starting a CRM (users of JSONPlaceholder), an ERP, PostgreSQL and Isthmus …')
  const running = await startDemo({
    narrator: narratorFor(output),
    loadSize: options.records,
    ...(options.port === undefined ? {} : { port: options.port }),
  })
  const interrupted = untilInterrupted()
  try {
    output.say(`Status page: ${output.style.bold(running.statusUrl)}`)
    const result = await Promise.race([running.run(), interrupted])
    if (result === undefined) return exitCodes.failed
    output.result(result, () => draw(result))
    if (options.once !== true) {
      invite(output, running)
      await interrupted
    }
    return result.converged ? exitCodes.fine : exitCodes.failed
  } finally {
    await running.close()
  }
}

/** Adds `isthmus demo`. */
export function addDemoCommand(program: Command, run: Run): void {
  program
    .command('demo')
    .description('run two real systems with a live sync, edits and failures; prints what to look at')
    .option('--once', 'exit at the end instead of keeping everything running')
    .option('--records <n>', 'customers in the load', parseCount, 10_000)
    .option('--port <n>', 'port of the status page (default 4780, or any other if it is taken)', parsePort)
    .action(run(demo))
}
