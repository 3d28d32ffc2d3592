/** The reference pages that are made from the code. */
import type { Command, Option } from 'commander'
import { z } from 'zod'
import { createProgram } from '../../src/cli/program.ts'
import { manifestSchema as graphqlManifestSchema } from '../../src/connectors/graphql/manifests/manifest.ts'
import { connectionShape } from '../../src/connectors/kit/connection.ts'
import { manifestSchema } from '../../src/connectors/rest/manifests/manifest.ts'
import { definitionJsonSchema } from '../../src/model/definition/schema/root.ts'
import { type SchemaNode, type SchemaPage, schemaPage } from './schema-page.ts'

/** A page, or an error that names the keys that nobody has described. */
function complete({ page, undescribed }: SchemaPage, source: string): string {
  if (undescribed.length === 0) return page
  throw new Error(`${source}: describe ${undescribed.join('; ')}`)
}

/** `docs/reference/definition.md` */
export function definitionPage(): string {
  const introduction = [
    'Every key of `isthmus.yaml`, generated from the schema that validates it. Editors use the same schema:',
    'put `# yaml-language-server: $schema=node_modules/isthmus/schema/isthmus.schema.json` on the first line.',
    'The same object can be the default export of `isthmus.config.ts`, through `defineIntegration`, with functions where YAML has expressions.',
  ]
  // zod's JSON Schema is plain data; the page reads the keys that zod writes.
  const schema = definitionJsonSchema() as SchemaNode
  return complete(schemaPage('The definition', introduction, schema), 'src/model/definition/schema')
}

/** `docs/reference/manifest.md` */
export function manifestPage(): string {
  const introduction = [
    'The description of an API for the connector `rest`, under `manifest` of a system: inline, the name of a built-in manifest, or a path to a file.',
    'The default of each key is the conservative choice. Locations in records and responses are paths such as `meta.version`.',
    "For the questions to answer from an API's documentation, see [connect a REST system](../how-to/connect-a-rest-system.md); for a complete manifest in under forty lines, [write a connector](../how-to/write-a-connector.md).",
    'The engine relies on these declarations, so test them: `isthmus certify` runs [these probes](probes.md) on the system.',
    'For examples of errors in successful responses, merged records and filters, see [connect a REST system](../how-to/connect-a-rest-system.md#errors-in-successful-responses).',
  ]
  const schema = z.toJSONSchema(manifestSchema, { io: 'input', unrepresentable: 'any' }) as SchemaNode
  return complete(
    schemaPage('The manifest of a REST API', introduction, schema),
    'src/connectors/rest/manifests',
  )
}

/** `docs/reference/connection.md` */
export function connectionPage(): string {
  const introduction = [
    'How a system is reached over HTTP: keys of the section of every such system under `systems`, regardless of its connector. The same keys,',
    'and all [options of the API client](http-options.md) that a plain object can hold, create a standalone client with `openApiClient`.',
  ]
  const schema = z.toJSONSchema(z.strictObject(connectionShape), {
    io: 'input',
    unrepresentable: 'any',
  }) as SchemaNode
  return complete(
    schemaPage('The connection of a system', introduction, schema),
    'src/connectors/kit/connection.ts, auth-schema.ts',
  )
}

/** `docs/reference/graphql-manifest.md` */
export function graphqlManifestPage(): string {
  const introduction = [
    'The description of an API for the connector `graphql`, under `manifest` of a system: inline, or a path to a file.',
    'Documents are GraphQL; `...record` stands for the fields of the resource and marks the location of its records in the response. The variables and',
    'their values are listed in the [page of the connector](connectors/graphql.md). The default of each key is the conservative choice.',
    'For examples of how a refused mutation is distinguished from a stored one, see "Refusals" on the same page.',
  ]
  const schema = z.toJSONSchema(graphqlManifestSchema, { io: 'input', unrepresentable: 'any' }) as SchemaNode
  return complete(
    schemaPage('The manifest of a GraphQL API', introduction, schema),
    'src/connectors/graphql/manifests',
  )
}

function commandsBelow(command: Command): Command[] {
  return command.commands.flatMap((one) => [one, ...commandsBelow(one)])
}

function nameOf(command: Command): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`
}

function optionRows(options: readonly Option[]): string[] {
  if (options.length === 0) return []
  const rows = options.map((option) => {
    const value = option.defaultValueDescription ?? option.defaultValue
    const isShown = ['number', 'string'].includes(typeof value) && !option.description.includes('default')
    const fallback = isShown ? ` (default ${String(value)})` : ''
    return `| \`${option.flags.replaceAll('|', '\\|')}\` | ${option.description.replaceAll('<', '&lt;')}${fallback}${option.mandatory ? '; required' : ''} |`
  })
  return ['', '| option | meaning |', '|---|---|', ...rows]
}

/** `docs/reference/cli.md` */
export async function cliPage(): Promise<string> {
  const program = await createProgram({
    version: '0.0.0',
    exit: () => undefined,
    createContext: () => {
      throw new Error('no command runs here')
    },
  })
  const leaves = commandsBelow(program).filter((command) => command.commands.length === 0)
  return [
    '# The command line',
    '',
    'Results are written to standard output, messages and progress to standard error. With `--json`, a command prints exactly one JSON value; an error is',
    '`{"error":{"code","message","fix"}}` with a code from the [table](error-codes.md). `NO_COLOR` disables coloured output.',
    '',
    '| exit code | meaning |',
    '|---|---|',
    '| 0 | it worked |',
    '| 1 | it failed; the message says what, on what, and what to do |',
    '| 2 | it worked, and something needs a person: a warning, a conflict, a match, a hold, a failure |',
    '| 3 | `status` alone: a person has paused the work |',
    '| 64 | the command line itself is wrong |',
    '| 130 | ended at once by a second Ctrl-C |',
    '',
    'Options of every command:',
    ...optionRows(program.options),
    ...leaves.flatMap((command) => [
      '',
      `## ${nameOf(command)}`,
      '',
      `\`${nameOf(command)} ${command.usage()}\``,
      '',
      `${sentence(command)}`,
      ...optionRows(command.options),
    ]),
    '',
  ].join('\n')
}

function sentence(command: Command): string {
  const parents = command.parent?.parent == null ? '' : `${command.parent.description()}: `
  const text = `${parents}${command.description()}`
  return `${text[0]?.toUpperCase() ?? ''}${text.slice(1)}.`
}
