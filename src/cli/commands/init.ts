/** `isthmus init`: a first definition from flags and from one record of each API. */
import { existsSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { UsageError } from '../../model/errors.ts'
import { collect, type Run } from '../command.ts'
import type { CliContext } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { fetchSample, type Sample } from '../init/fetch-sample.ts'
import { type InitPlan, type PlannedSystem, parseSystem, proposeFields } from '../init/plan.ts'
import { writeDefinition, writeVariables } from '../init/write-definition.ts'

interface InitOptions {
  readonly system: readonly string[]
  readonly integration: string
  readonly entity: string
  readonly fields?: string
  readonly match?: string
  readonly manifest: readonly string[]
  readonly id: readonly string[]
  readonly offline?: boolean
  readonly force?: boolean
}

/** `crm=jsonplaceholder` and the like, by system. */
function bySystem(flags: readonly string[], flag: string, names: readonly string[]): Map<string, string> {
  return new Map(
    flags.map((text) => {
      const at = text.indexOf('=')
      const name = text.slice(0, Math.max(0, at))
      if (!names.includes(name))
        throw new UsageError(
          'CLI_USAGE',
          `${flag} ${text}: write <system>=<value> with one of ${names.join(', ')}`,
        )
      return [name, text.slice(at + 1)]
    }),
  )
}

async function plan(options: InitOptions, say: (line: string) => void): Promise<InitPlan> {
  const parsed = options.system.map(parseSystem)
  const names = parsed.map((system) => system.name)
  if (names.length < 2 || new Set(names).size < names.length)
    throw new UsageError(
      'CLI_USAGE',
      'name two or more systems, each once: --system crm=https://… --system erp=https://…',
    )
  const manifests = bySystem(options.manifest, '--manifest', names)
  const ids = bySystem(options.id, '--id', names)
  const systems: PlannedSystem[] = []
  for (const system of parsed) {
    const sample = options.offline === true ? undefined : await fetchSample(`${system.url}${system.path}`)
    if (sample !== undefined && 'problem' in sample)
      say(`${system.name}: ${sample.problem}; its fields are taken from the flags`)
    const manifest = manifests.get(system.name)
    systems.push({
      ...system,
      id: ids.get(system.name) ?? 'id',
      ...(manifest === undefined ? {} : { manifest }),
      ...(sample === undefined || 'problem' in sample ? {} : sampled(sample)),
    })
  }
  const wanted = (options.fields ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  const fields = proposeFields(systems, wanted)
  if (fields.length === 0)
    throw new UsageError('CLI_USAGE', 'no field is known: name them with --fields name,email,…')
  const match = options.match ?? fields.find((field) => /e-?mail|number|code|sku/i.test(field.name))?.name
  if (match !== undefined && !fields.some((field) => field.name === match))
    throw new UsageError(
      'CLI_USAGE',
      `--match ${match}: it is not among the fields ${fields.map((field) => field.name).join(', ')}`,
    )
  return {
    integration: options.integration,
    entity: options.entity,
    systems,
    fields,
    ...(match === undefined ? {} : { match }),
  }
}

function sampled({ record, items }: Extract<Sample, { record: unknown }>): Partial<PlannedSystem> {
  return { sample: record, ...(items === undefined ? {} : { items }) }
}

function write(file: string, text: string, force: boolean): void {
  if (existsSync(file) && !force)
    throw new UsageError('CLI_USAGE', `${file} is there already; --force overwrites it`)
  writeFileSync(file, text)
}

async function init(context: CliContext, options: InitOptions): Promise<number> {
  const made = await plan(options, context.output.say)
  const definition = resolve(context.directory, 'isthmus.yaml')
  const variables = resolve(context.directory, '.env.example')
  write(definition, writeDefinition(made), options.force === true)
  write(variables, writeVariables(made), options.force === true)
  context.output.result(
    { files: [definition, variables], fields: made.fields, match: made.match ?? null },
    () =>
      [
        `wrote ${definition} and ${variables}`,
        `fields: ${made.fields.map((field) => field.name).join(', ')}${made.match === undefined ? '; no match rule: counterparts will not be recognised' : `; matched by ${made.match}`}`,
        'next: copy .env.example to .env, fill it in, then `isthmus check`',
      ].join('\n'),
  )
  return exitCodes.fine
}

export function addInitCommand(program: Command, run: Run): void {
  program
    .command('init')
    .description('write a first definition for REST systems')
    .requiredOption(
      '--system <name=url>',
      'a system: its name and the URL of its collection (twice or more)',
      collect,
      [],
    )
    .option('--integration <id>', 'id of the integration', 'sync')
    .option('--entity <name>', 'what is kept in agreement', 'customer')
    .option('--fields <names>', 'fields, separated by commas (default: what the systems have in common)')
    .option('--match <field>', 'field that the same thing has in all systems')
    .option('--manifest <system=name>', 'a built-in manifest, such as crm=jsonplaceholder', collect, [])
    .option('--id <system=property>', "property that identifies a system's records (default id)", collect, [])
    .option('--offline', 'do not fetch a record of each system')
    .option('--force', 'overwrite files that are there')
    .action(run(init))
}
