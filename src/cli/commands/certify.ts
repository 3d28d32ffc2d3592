/** `isthmus certify`: compares the behaviour of a system with the declarations of its connector. */

import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { parse } from 'yaml'
import { UsageError } from '../../model/errors.ts'
import { counted } from '../../model/health/words.ts'
import type { NativeRecord } from '../../model/values.ts'
import { type CertifiedResource, certifySystem } from '../../runtime/certify/certify-system.ts'
import { fillIn, recordMark } from '../../runtime/certify/made-up-record.ts'
import { loadDefinition } from '../../runtime/load-definition.ts'
import { settingsBeside } from '../../runtime/open-integration.ts'
import { durationText } from '../../runtime/quota/forecast.ts'
import { openSharedCredentials } from '../../runtime/shared-credentials.ts'
import { parseDuration, type Run } from '../command.ts'
import { type CliContext, definitionOf } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Style } from '../output.ts'
import { wrap } from '../wrap.ts'

const fileBytesMax = 1_000_000

interface CertifyCommandOptions {
  readonly resource?: string
  readonly write?: boolean
  readonly body?: string
  readonly maxWait: number
}

async function certify(context: CliContext, system: string, options: CertifyCommandOptions): Promise<number> {
  const { output } = context
  if (options.body !== undefined && options.write !== true)
    throw new UsageError('CLI_USAGE', '--body describes the records to create, so it requires --write')
  const body = options.body === undefined ? undefined : readBody(context, options.body)
  const loaded = await loadDefinition({ ...definitionOf(context), secrets: 'resolve' })
  // On standard error, so that it is visible even if the output is piped, and before any record is created.
  if (options.write === true)
    output.complain(
      `Records named "${recordMark} …" will now be created, changed and removed in ${system}${options.resource === undefined ? '' : ` (${options.resource})`}. Use a sandbox.`,
    )
  const signal = context.untilStopped()
  const { integration, source } = loaded
  const credentials = await openSharedCredentials({
    integration: integration.id,
    systems: [...integration.systems.values()].filter(({ name }) => name === system),
    source,
    settings: () => settingsBeside(source),
  })
  let certified: readonly CertifiedResource[]
  try {
    certified = await certifySystem({
      integration,
      system,
      baseDirectory: dirname(source),
      dependenciesOf: credentials.dependenciesOf,
      write: options.write === true,
      onProbe: (resource, probe) => output.progress(`${resource}: ${probe.name}`),
      waitMaxMs: options.maxWait,
      onWait: (resource, what, ms) =>
        output.complain(`${resource}: waiting for ${what}, ${durationText(ms)} at most`),
      signal,
      ...(options.resource === undefined ? {} : { resource: options.resource }),
      ...(body === undefined ? {} : { body: (seed: number) => fillIn(body, seed) }),
    })
  } finally {
    await credentials.close()
  }
  output.progressDone()
  output.result({ system, resources: certified, ...countOutcomes(certified) }, () =>
    draw(system, certified, output.style, output.width),
  )
  if (countOutcomes(certified).failed > 0) return exitCodes.failed
  return certified.some(({ left }) => left.length > 0) ? exitCodes.needsDecision : exitCodes.fine
}

function readBody({ directory }: CliContext, file: string): NativeRecord {
  const path = resolve(directory, file)
  try {
    if (statSync(path).size <= fileBytesMax) {
      const body: unknown = parse(readFileSync(path, 'utf8'))
      if (typeof body === 'object' && body !== null && !Array.isArray(body)) return { ...body }
    }
  } catch (cause) {
    throw new UsageError('CLI_NOT_FOUND', `${path} can't be read as YAML or JSON`, { cause })
  }
  throw new UsageError('CLI_USAGE', `${path} has to be one object of at most ${fileBytesMax / 1_000_000} MB`)
}

function countOutcomes(certified: readonly CertifiedResource[]) {
  const kinds = certified.flatMap(({ probes }) => probes.map(({ outcome }) => outcome.kind))
  const count = (kind: string): number => kinds.filter((one) => one === kind).length
  return { passed: count('passed'), failed: count('failed'), skipped: count('skipped') }
}

function draw(system: string, certified: readonly CertifiedResource[], style: Style, width: number): string {
  const { passed, failed, skipped } = countOutcomes(certified)
  const verdict = [
    style.good(`${passed} passed`),
    ...(failed > 0 ? [style.bad(`${failed} failed`)] : []),
    `${skipped} skipped`,
  ].join(', ')
  const left = certified.flatMap((one) => one.left.map((nativeId) => `${one.resource} ${nativeId}`))
  const remains =
    left.length === 0
      ? []
      : ['', style.alert(`${counted(left.length, 'record')} could not be removed: ${left.join(', ')}`)]
  return [...certified.map((one) => drawResource(system, one, style, width)), verdict, ...remains].join('\n')
}

function drawResource(
  system: string,
  { resource, probes }: CertifiedResource,
  style: Style,
  width: number,
): string {
  const marks = { passed: style.good('✓'), failed: style.bad('✗'), skipped: style.quiet('–') }
  const lines = probes.flatMap(({ name, proves, outcome }) => {
    if (outcome.kind === 'not-applicable') return []
    const words = outcome.words === undefined ? '' : outcome.words
    const sentence = wrap(proves, width - 4).map(
      (line, index) => `${index === 0 ? `  ${marks[outcome.kind]} ` : '    '}${line}`,
    )
    const because = wrap(outcome.kind === 'passed' ? words : `${words} (${name})`, width - 6)
    const colour = outcome.kind === 'failed' ? style.bad : style.quiet
    return [...sentence, ...(words === '' ? [] : because.map((line) => `      ${colour(line)}`))]
  })
  return [style.bold(`${resource} of ${system}`), ...lines, ''].join('\n')
}

/** Adds `isthmus certify`. */
export function addCertifyCommand(program: Command, run: Run): void {
  program
    .command('certify <system>')
    .description('verify that a system behaves as its connector declares; read-only unless --write is given')
    .option('--resource <name>', 'only this resource, as the definition names it')
    .option('--write', 'create, change and delete test records in the system; use a sandbox')
    .option(
      '--body <file>',
      'YAML or JSON file with properties that test records need besides the mapped ones; {n} is replaced by a number',
    )
    .addOption(
      new Option(
        '--max-wait <time>',
        'longest wait for effects that the system declares to be delayed; probes that need longer are skipped',
      )
        .argParser(parseDuration)
        .default(60_000, '1m'),
    )
    .action(run(certify))
}
