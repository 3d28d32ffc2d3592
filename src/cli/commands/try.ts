/** `isthmus try`: runs one record through every stage and prints each. Nothing is written to any system. */
import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Command } from 'commander'
import { UsageError } from '../../model/errors.ts'
import type { Integration, SystemSettings } from '../../model/integration.ts'
import type { CanonicalDocument } from '../../model/values.ts'
import { loadDefinition } from '../../runtime/load-definition.ts'
import { settingsBeside } from '../../runtime/open-integration.ts'
import { openSharedCredentials } from '../../runtime/shared-credentials.ts'
import { type TriedRecord, type TriedWrite, tryRecord } from '../../runtime/try-record.ts'
import type { Run } from '../command.ts'
import { type CliContext, definitionOf } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { type Column, type Style, table } from '../output.ts'
import { show } from '../values.ts'

const fileBytesMax = 10 * 1024 * 1024

interface TryCommandOptions {
  readonly system: string
  readonly id?: string
  readonly file?: string
}

async function tryOne(context: CliContext, entity: string, options: TryCommandOptions): Promise<number> {
  const from = originOf(context, options)
  // A record from a file needs no system, so it needs no credentials.
  const secrets = 'id' in from ? 'resolve' : 'keep'
  const loaded = await loadDefinition({ ...definitionOf(context), secrets })
  const signal = context.untilStopped()
  const credentials = await openSharedCredentials({
    integration: loaded.integration.id,
    systems: 'id' in from ? calledSystems(loaded.integration, options.system) : [],
    source: loaded.source,
    settings: () => settingsBeside(loaded.source),
  })
  let tried: TriedRecord
  try {
    const { dependenciesOf } = credentials
    const baseDirectory = dirname(loaded.source)
    const record = { loaded, entity, system: options.system, from }
    tried = await tryRecord({ ...record, signal, baseDirectory, dependenciesOf })
  } finally {
    await credentials.close()
  }
  const { output } = context
  output.result(tried, () => draw(tried, output.style))
  return holdsBack(tried) ? exitCodes.needsDecision : exitCodes.fine
}

/** The system of the record, and the systems that answer lookups of rules. */
function calledSystems({ systems, lookups = new Map() }: Integration, from: string): SystemSettings[] {
  const names = new Set([from, ...lookups.values()])
  return [...systems.values()].filter(({ name }) => names.has(name))
}

function originOf(context: CliContext, { id, file }: TryCommandOptions) {
  if ((id === undefined) === (file === undefined))
    throw new UsageError('CLI_USAGE', 'specify the record: --id <native id> or --file <record.json>')
  if (id !== undefined) return { id }
  const path = resolve(context.directory, file ?? '')
  return { json: readText(path) }
}

function readText(path: string): string {
  try {
    if (statSync(path).size <= fileBytesMax) return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new UsageError('CLI_NOT_FOUND', `${path} can't be read`, { cause })
  }
  throw new UsageError(
    'CLI_USAGE',
    `${path} is larger than ${fileBytesMax / 1024 / 1024} MB: pass a single record`,
  )
}

function holdsBack(tried: TriedRecord): boolean {
  return (
    !tried.inScope ||
    tried.refused.length > 0 ||
    tried.ruleProblems.length > 0 ||
    tried.writes.some((write) => write.problems.length > 0)
  )
}

function draw(tried: TriedRecord, style: Style): string {
  const title = (text: string): string => `\n${style.bold(text)}`
  const from = style.bold(`${tried.entity} from ${tried.system}`)
  const marker = tried.marker === undefined ? [] : [`carries our record id ${tried.marker}`]
  const scope = tried.inScope
    ? []
    : [style.alert('out of scope: excluded by `where`, so it would not be synced')]
  return [
    from,
    ...marker,
    ...scope,
    title('native'),
    JSON.stringify(tried.native, null, 2),
    title('read → normalised → agreed'),
    drawStages(tried),
    title('validated'),
    ...(tried.refused.length === 0
      ? ['every field fits its type']
      : tried.refused.map(({ field, code, message }) =>
          style.alert(`${field}: ${message} (${code}); left unchanged`),
        )),
    title('rules'),
    ...drawRules(tried, style),
    ...tried.writes.flatMap((write) => [
      title(`write to ${write.system}`),
      ...drawWrite(write, tried, style),
    ]),
    ...tried.unwritten.flatMap(({ system, why }) => [title(`write to ${system}`), `nothing: ${why}`]),
    '',
    style.quiet('nothing was written anywhere'),
  ].join('\n')
}

function drawStages({ fields, read, normalised, agreed }: TriedRecord): string {
  const names = [...new Set([...fields, ...Object.keys(agreed)])]
  const column = (title: string, values: CanonicalDocument): Column<string> => ({
    title,
    value: (name) => show(values[name]),
    widthMax: 40,
  })
  return table(
    names,
    [
      { title: 'field', value: (name) => name },
      column('read', read),
      column('normalised', normalised),
      column('agreed', agreed),
    ],
    'the mapping reads no value from it',
  )
}

function drawRules({ ruleChanges, ruleProblems }: TriedRecord, style: Style): string[] {
  const lines = [
    ...ruleChanges.map(({ field }) => `${field}: set by a rule`),
    ...ruleProblems.map(({ kind, message }) =>
      style.alert(`${kind === 'hold' ? 'held for a person' : 'not written'}: ${message}`),
    ),
  ]
  return lines.length === 0 ? ['none objects'] : lines
}

function drawWrite(write: TriedWrite, { agreed }: TriedRecord, style: Style): string[] {
  return [
    JSON.stringify(write.body, null, 2),
    ...write.problems.map(({ field, code, message }) => style.alert(`${field}: ${message} (${code})`)),
    ...write.poorer.map((field) =>
      style.alert(`${field}: it would store ${show(write.stored[field])} for ${show(agreed[field])}`),
    ),
  ]
}

/** Adds `isthmus try`. */
export function addTryCommand(program: Command, run: Run): void {
  program
    .command('try <entity>')
    .description('run one record through every stage and print each; nothing is written')
    .requiredOption('--system <name>', 'system that the record is from')
    .option('--id <id>', 'native id of the record to read')
    .option('--file <file>', 'file with the record as JSON, instead of reading it')
    .action(run(tryOne))
}
