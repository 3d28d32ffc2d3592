/** `isthmus check`: checks everything about a definition that can be checked before it runs. */

import type { Command } from 'commander'
import { counted } from '../../model/health/words.ts'
import type { CheckReport } from '../../runtime/check/check-integration.ts'
import { checkIntegration } from '../../runtime/check/check-integration.ts'
import type { CheckRow } from '../../runtime/check/check-row.ts'
import { parseCount, parseWithin, type Run } from '../command.ts'
import { type CliContext, definitionOf } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Style } from '../output.ts'
import { wrap } from '../wrap.ts'

interface CheckCommandOptions {
  readonly offline?: boolean
  readonly samples: number
  readonly records: number
}

async function check(context: CliContext, options: CheckCommandOptions): Promise<number> {
  const report = await checkIntegration({
    ...definitionOf(context),
    offline: options.offline === true,
    samplesMax: options.samples,
    forecastRecords: options.records,
    signal: context.untilStopped(),
  })
  const count = (level: CheckRow['level']): number => report.rows.filter((row) => row.level === level).length
  const summary = { errors: count('error'), warnings: count('warning'), ok: count('ok') }
  const { output } = context
  output.result({ definition: report.source, ...summary, findings: report.rows }, () =>
    draw(report, output.style, output.width),
  )
  if (summary.errors > 0) return exitCodes.failed
  return summary.warnings > 0 ? exitCodes.needsDecision : exitCodes.fine
}

const titles: Readonly<Record<CheckRow['area'], string>> = {
  definition: 'Definition',
  credentials: 'Credentials',
  reach: 'Systems',
  capabilities: 'Capabilities',
  schema: 'Schemas',
  quota: 'Limits and forecast',
  mapping: 'Mappings on sampled records',
}

function draw({ source, rows }: CheckReport, style: Style, width: number): string {
  const lines = [source]
  for (const [area, title] of Object.entries(titles)) {
    const inArea = rows.filter((row) => row.area === area)
    if (inArea.length > 0)
      lines.push('', style.bold(title), ...inArea.flatMap((row) => drawRow(row, style, width)))
  }
  const count = (level: CheckRow['level']): number => rows.filter((row) => row.level === level).length
  const [errors, warnings] = [count('error'), count('warning')]
  const verdict =
    errors > 0
      ? style.bad(`${counted(errors, 'error')}, ${counted(warnings, 'warning')}`)
      : warnings > 0
        ? style.alert(counted(warnings, 'warning'))
        : style.good('everything holds')
  return [...lines, '', verdict].join('\n')
}

function drawRow(row: CheckRow, style: Style, width: number): string[] {
  const colour = { error: style.bad, warning: style.alert, ok: style.good }[row.level]
  const place = row.line === undefined ? '' : `${row.line}:${row.column ?? 1} `
  const label = row.level.padEnd(7)
  const text = wrap(`${place}${row.subject}: ${row.message}`, width - 11)
  const hint = row.hint === undefined ? [] : wrap(row.hint, width - 13)
  return [
    ...text.map((line, index) => `  ${index === 0 ? colour(label) : ' '.repeat(label.length)}  ${line}`),
    ...hint.map((line, index) => style.quiet(`${' '.repeat(11)}${index === 0 ? '→ ' : '  '}${line}`)),
  ]
}

/** Adds `isthmus check`. */
export function addCheckCommand(program: Command, run: Run): void {
  program
    .command('check')
    .description('check the definition, the credentials, the systems, and the mappings on sample records')
    .option('--offline', 'do not call any system: check only the definition, its variables and the manifests')
    .option('--samples <n>', 'records per list on which the mappings are tested', parseWithin(1, 100), 20)
    .option('--records <n>', 'number of records for the first-load forecast', parseCount, 10_000)
    .action(run(check))
}
