/** `isthmus init`: generates a first definition from records of APIs and from descriptions of systems. */
import type { Command } from 'commander'
import { loadEnvironment } from '../../runtime/config.ts'
import type { DefinitionPlan } from '../../runtime/init/plan-definition.ts'
import { collect, type Run } from '../command.ts'
import type { CliContext } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { matchSummary, matchText } from '../init/match-comments.ts'
import { type DescribedOptions, planDescribed } from '../init/plan-systems.ts'
import {
  describedDefinition,
  describedVariables,
  manifestFiles,
  systemNotes,
} from '../init/write-described.ts'
import { missingVariables, writeFiles } from '../init/write-files.ts'

interface InitOptions extends DescribedOptions {
  readonly force?: boolean
}

async function init(context: CliContext, options: InitOptions): Promise<number> {
  const { directory } = context
  const environment = loadEnvironment(directory)
  const plan = await planDescribed(options, { directory, environment, signal: context.untilStopped() })
  const example = describedVariables(plan)
  const written = [
    { name: 'isthmus.yaml', text: describedDefinition(plan) },
    ...manifestFiles(plan),
    { name: '.env.example', text: example },
  ]
  const files = writeFiles(directory, written, options.force === true)
  const { fields, unmapped } = plan
  const notes = Object.fromEntries(plan.systems.map((one) => [one.system.name, systemNotes(one)]))
  const result = {
    files,
    fields: fields.map(({ name, type, maps, comments }) => ({ name, type, maps, comments })),
    match: matchText(plan.match),
    perhaps: plan.perhaps,
    doubt: plan.matchDoubt ?? null,
    notes,
    unmapped,
    variables: missingVariables(example, environment),
  }
  context.output.result(result, () => report(plan, result))
  return exitCodes.fine
}

/** The text output: every proposal with its confidence, and the next steps. */
function report(
  plan: DefinitionPlan,
  {
    files,
    notes,
    variables,
  }: {
    readonly files: readonly string[]
    readonly notes: Readonly<Record<string, readonly string[]>>
    readonly variables: readonly string[]
  },
): string {
  const lines = [
    `wrote ${files.join(', ')}`,
    ...plan.fields.map(
      ({ name, maps, comments }) =>
        `${name}: ${Object.entries(maps)
          .map(([system, map]) => `${system} ${mapText(map)}`)
          .join(' = ')}${comments.map((comment) => `\n  ${comment}`).join('')}`,
    ),
    ...Object.entries(plan.unmapped).flatMap(([system, paths]) =>
      paths.map((path) => `${system} requires ${path}, but no field supplies it`),
    ),
    ...Object.entries(notes).flatMap(([system, texts]) => texts.map((text) => `${system}: ${text}`)),
    matchSummary({
      rules: plan.match,
      perhaps: plan.perhaps,
      systems: plan.systems.map(({ system }) => system.name),
      doubt: plan.matchDoubt,
    }),
  ]
  const next =
    variables.length === 0
      ? 'next: review the proposals in isthmus.yaml, then run `isthmus check`'
      : `next: put these lines into .env, with values (.env.example has them all):\n${variables.map((line) => `  ${line}`).join('\n')}\nthen review the proposals in isthmus.yaml, and run \`isthmus check\``
  return [...lines, next].join('\n')
}

function mapText(map: unknown): string {
  return typeof map === 'object' && map !== null && 'path' in map ? String(map.path) : String(map)
}

/** Adds `isthmus init`. */
export function addInitCommand(program: Command, run: Run): void {
  program
    .command('init')
    .description('write a first definition, from descriptions of the systems or from a record of each')
    .option(
      '--system <name=url>',
      'a REST system: its name and the URL of its collection, or of one record',
      collect,
      [],
    )
    .option('--openapi <name=source>', 'a REST system: file or URL of its OpenAPI 3 document', collect, [])
    .option('--metadata <name=source>', 'an OData system: file or URL of its $metadata', collect, [])
    .option(
      '--database <name=url>',
      'a PostgreSQL database, as postgresql://…; #name at the end selects a schema other than public',
      collect,
      [],
    )
    .option('--graphql <name=source>', 'a GraphQL system: its URL, or a file with its schema', collect, [])
    .option(
      '--resource <system=name>',
      'the resource to use (default: the most likely one for the entity)',
      collect,
      [],
    )
    .option(
      '--token <system=variable>',
      'bearer token: the environment variable that holds it (from the environment or .env)',
      collect,
      [],
    )
    .option(
      '--api-key <system=header:variable>',
      'API key: its header and the variable that holds it; ?parameter:variable for a query parameter',
      collect,
      [],
    )
    .option(
      '--basic <system=user:password>',
      'user name and password: the variables that hold them',
      collect,
      [],
    )
    .option('--integration <id>', 'id of the integration', 'sync')
    .option('--entity <name>', 'name of the entity that is synchronised', 'customer')
    .option(
      '--fields <names>',
      'fields, separated by commas (default: the fields that the systems have in common)',
    )
    .option(
      '--match <fields>',
      'field, or combination of fields separated by commas, that is unique in each system; never: nothing is matched',
    )
    .option('--manifest <system=name>', 'a built-in manifest, such as crm=jsonplaceholder', collect, [])
    .option(
      '--id <system=property>',
      "property that identifies a system's records (default: found out)",
      collect,
      [],
    )
    .option('--offline', 'do not call the systems of --system')
    .option('--force', 'overwrite existing files')
    .action(run(init))
}
