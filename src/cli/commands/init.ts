/** `isthmus init`: a first definition from flags and from one record of each API. */
import { existsSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { UsageError } from '../../model/errors.ts'
import { loadEnvironment } from '../../runtime/config.ts'
import { wantedRules } from '../../runtime/init/plan-definition.ts'
import { collect, type Run } from '../command.ts'
import type { CliContext } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { fetchSample, type Sample } from '../init/fetch-sample.ts'
import { matchSummary, matchText } from '../init/match-comments.ts'
import { type InitPlan, type PlannedSystem, parseSystem, proposeFields, proposeMatch } from '../init/plan.ts'
import { type DescribedOptions, hasDescriptions, planDescribed } from '../init/plan-described.ts'
import { writeDefinition, writeVariables } from '../init/write-definition.ts'
import { describedDefinition, describedVariables, manifestFiles } from '../init/write-described.ts'

interface InitOptions extends DescribedOptions {
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
  const proposed = proposeMatch(systems, fields)
  const match = options.match === undefined ? proposed.match : wantedRules(options.match)
  const unknown = match.flat().find((name) => !fields.some((field) => field.name === name))
  if (unknown !== undefined)
    throw new UsageError(
      'CLI_USAGE',
      `--match ${unknown}: it is not among the fields ${fields.map((field) => field.name).join(', ')}`,
    )
  return {
    integration: options.integration,
    entity: options.entity,
    systems,
    fields,
    match,
    perhaps: proposed.perhaps,
  }
}

function sampled({ record, records, items }: Extract<Sample, { record: unknown }>): Partial<PlannedSystem> {
  return { sample: record, samples: records, ...(items === undefined ? {} : { items }) }
}

function write(file: string, text: string, force: boolean): void {
  if (existsSync(file) && !force)
    throw new UsageError('CLI_USAGE', `${file} is there already; --force overwrites it`)
  writeFileSync(file, text)
}

async function init(context: CliContext, options: InitOptions): Promise<number> {
  return hasDescriptions(options) ? initDescribed(context, options) : initSampled(context, options)
}

/** From descriptions: OpenAPI, $metadata, a database, a GraphQL schema. */
async function initDescribed(context: CliContext, options: InitOptions): Promise<number> {
  if (options.system.length > 0)
    throw new UsageError(
      'CLI_USAGE',
      '--system goes with records of an API; with descriptions, describe each system',
    )
  const { directory } = context
  const environment = loadEnvironment(directory)
  const plan = await planDescribed(options, { directory, environment, signal: context.untilStopped() })
  const files = [
    { name: 'isthmus.yaml', text: describedDefinition(plan) },
    ...manifestFiles(plan),
    { name: '.env.example', text: describedVariables(plan) },
  ].map(({ name, text }) => ({ path: resolve(directory, name), text }))
  const there = files.find(({ path }) => existsSync(path))
  if (there !== undefined && options.force !== true)
    throw new UsageError('CLI_USAGE', `${there.path} is there already; --force overwrites it`)
  for (const { path, text } of files) writeFileSync(path, text)
  const { fields, unmapped } = plan
  const match = {
    rules: plan.match,
    perhaps: plan.perhaps,
    systems: plan.systems.map(({ system }) => system.name),
  }
  const shown = fields.map(({ name, type, maps, comments }) => ({ name, type, maps, comments }))
  context.output.result(
    {
      files: files.map(({ path }) => path),
      fields: shown,
      match: matchText(plan.match),
      perhaps: plan.perhaps,
      unmapped,
    },
    () =>
      [
        `wrote ${files.map(({ path }) => path).join(', ')}`,
        ...fields.map(
          ({ name, maps, comments }) =>
            `${name}: ${Object.entries(maps)
              .map(([system, map]) => `${system} ${mapText(map)}`)
              .join(' = ')}${comments.map((comment) => `\n  ${comment}`).join('')}`,
        ),
        ...Object.entries(unmapped).flatMap(([system, paths]) =>
          paths.map((path) => `${system} demands ${path}, and no field gives it`),
        ),
        matchSummary(match),
        'next: copy .env.example to .env, fill it in, read the proposals in isthmus.yaml, then `isthmus check`',
      ].join('\n'),
  )
  return exitCodes.fine
}

function mapText(map: unknown): string {
  return typeof map === 'object' && map !== null && 'path' in map ? String(map.path) : String(map)
}

/** From a record of each API. */
async function initSampled(context: CliContext, options: InitOptions): Promise<number> {
  const made = await plan(options, context.output.say)
  const definition = resolve(context.directory, 'isthmus.yaml')
  const variables = resolve(context.directory, '.env.example')
  write(definition, writeDefinition(made), options.force === true)
  write(variables, writeVariables(made), options.force === true)
  context.output.result(
    {
      files: [definition, variables],
      fields: made.fields,
      match: matchText(made.match),
      perhaps: made.perhaps,
    },
    () =>
      [
        `wrote ${definition} and ${variables}`,
        `fields: ${made.fields.map((field) => field.name).join(', ')}`,
        matchSummary({
          rules: made.match,
          perhaps: made.perhaps,
          systems: made.systems.map(({ name }) => name),
        }),
        'next: copy .env.example to .env, fill it in, then `isthmus check`',
      ].join('\n'),
  )
  return exitCodes.fine
}

export function addInitCommand(program: Command, run: Run): void {
  program
    .command('init')
    .description('write a first definition, from descriptions of the systems or from a record of each')
    .option(
      '--system <name=url>',
      'a REST system: its name and the URL of its collection (twice or more)',
      collect,
      [],
    )
    .option('--openapi <name=source>', 'a REST system: file or URL of its OpenAPI 3 document', collect, [])
    .option('--metadata <name=source>', 'an OData system: file or URL of its $metadata', collect, [])
    .option(
      '--database <name=url>',
      'a PostgreSQL database, as postgresql://…; #name at the end takes another schema than public',
      collect,
      [],
    )
    .option('--graphql <name=source>', 'a GraphQL system: its URL, or a file with its schema', collect, [])
    .option(
      '--resource <system=name>',
      'the resource to take (default: what the entity probably means)',
      collect,
      [],
    )
    .option(
      '--token <system=variable>',
      'environment variable that holds a bearer token, for a description that asks for one',
      collect,
      [],
    )
    .option('--integration <id>', 'id of the integration', 'sync')
    .option('--entity <name>', 'what is kept in agreement', 'customer')
    .option('--fields <names>', 'fields, separated by commas (default: what the systems have in common)')
    .option(
      '--match <fields>',
      'field, or several by commas, that are unique in each system together; never: nothing is matched',
    )
    .option('--manifest <system=name>', 'a built-in manifest, such as crm=jsonplaceholder', collect, [])
    .option('--id <system=property>', "property that identifies a system's records (default id)", collect, [])
    .option('--offline', 'do not fetch a record of each system')
    .option('--force', 'overwrite files that are there')
    .action(run(init))
}
