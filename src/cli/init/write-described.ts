/** Writes the definition, the manifests and the list of variables of described systems. */
import { Document, isMap, isScalar, type YAMLMap } from 'yaml'
import type { ChosenSystem, DefinitionPlan } from '../../runtime/init/plan-definition.ts'
import { matchComments } from './match-comments.ts'

/** A file to be written: name and text. */
export interface WrittenFile {
  readonly name: string
  readonly text: string
}

function variable(system: string, what: string): string {
  return `${system.toUpperCase().replace(/-/g, '_')}_${what}`
}

/** `{env:NAME}` becomes the variable of this system. */
function withVariables(system: string, value: unknown): unknown {
  if (typeof value === 'string')
    return value.replace(
      /(?<!\$)\{env:([A-Z_]+)\}/g,
      (_whole, name: string) => `\${env:${variable(system, name)}}`,
    )
  if (Array.isArray(value)) return value.map((one) => withVariables(system, one))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withVariables(system, one)]))
}

const manifestName = (system: string): string => `${system}.manifest.yaml`

function systemSection({ system, resource }: ChosenSystem): unknown {
  const { connector, section, resourcesIn } = system
  const resources = { [resource.name]: resource.settings }
  const where = {
    manifest: { manifest: `./${manifestName(system.name)}` },
    inline: { manifest: { ...system.manifest, resources } },
    tables: { tables: resources },
    resources: { resources },
    'built-in': {},
  }[resourcesIn]
  return withVariables(system.name, { connector, ...section, ...where })
}

function entitySystem(plan: DefinitionPlan, { system, resource }: ChosenSystem): unknown {
  const { canCreate, canUpdate, conditional } = resource
  const isSource = !canCreate && !canUpdate
  const operations = [...(canCreate ? ['create'] : []), ...(canUpdate ? ['update'] : [])]
  const map = plan.fields.flatMap(({ name, maps }) =>
    maps[system.name] === undefined ? [] : [[name, maps[system.name]]],
  )
  return {
    resource: resource.name,
    ...(isSource ? { direction: 'source' } : operations.length < 2 ? { operations } : {}),
    ...(conditional || isSource ? {} : { acceptRaceWindow: true }),
    map: Object.fromEntries(map) as Record<string, unknown>,
    triggers: [{ poll: '1m' }, { full: '0 3 * * *' }],
  }
}

/** The text of `isthmus.yaml`. */
export function describedDefinition(plan: DefinitionPlan): string {
  const { entity, systems, fields, match } = plan
  const document = new Document({
    integration: plan.integration,
    systems: Object.fromEntries(systems.map((one) => [one.system.name, systemSection(one)])),
    entities: {
      [entity]: {
        fields: Object.fromEntries(fields.map(({ name, type }) => [name, type])),
        match: match.length === 0 ? 'never' : match.map((exact) => ({ exact })),
        conflict: { default: `prefer ${systems.map(({ system }) => system.name).join(' ')}` },
        systems: Object.fromEntries(systems.map((one) => [one.system.name, entitySystem(plan, one)])),
      },
    },
  })
  document.commentBefore = [
    ' Written by isthmus init. What it says about the systems and which fields correspond are proposals: read each one.',
    ' Check it with `isthmus check`, try one record with `isthmus try`, run it with `isthmus start`.',
  ].join('\n')
  explain(document, plan)
  return document.toString({ lineWidth: 140 })
}

function explain(document: Document, plan: DefinitionPlan): void {
  const { entity, systems, fields, match, perhaps, unmapped } = plan
  for (const { name, comments } of fields) commentOn(document, ['entities', entity, 'fields', name], comments)
  const recognised = matchComments({
    rules: match,
    perhaps,
    systems: systems.map(({ system }) => system.name),
    doubt: plan.matchDoubt,
  })
  commentOn(document, ['entities', entity, 'match'], recognised)
  commentOn(
    document,
    ['entities', entity, 'conflict'],
    ['who wins when both sides changed a field: the first one named'],
  )
  for (const { system, resource } of systems) {
    const notes = systemNotes({ system, resource })
    const others = system.resources.length - 1
    const more =
      others > 0
        ? [`${others} further resources are described; --resource ${system.name}=NAME takes another one`]
        : []
    commentOn(
      document,
      ['systems', system.name],
      [...notes, ...more].map((note) => `check: ${note}`),
    )
    const missing = unmapped[system.name] ?? []
    const demands = missing.map(
      (path) =>
        `a create requires ${path}, but no field supplies it: map it, or set it in a write expression`,
    )
    commentOn(document, ['entities', entity, 'systems', system.name, 'map'], demands)
    const race = [
      'without conditional writes an edit made there during our write may be lost; remove this once writes carry a version',
    ]
    commentOn(document, ['entities', entity, 'systems', system.name, 'acceptRaceWindow'], race)
  }
}

/** What is unsure about a system: what somebody should look up, for the file and for the screen. */
export function systemNotes({ system, resource }: ChosenSystem): readonly string[] {
  return [...system.notes, ...resource.notes]
}

/** Puts comments above a key. */
function commentOn(document: Document, path: readonly string[], lines: readonly string[]): void {
  const owner = document.getIn(path.slice(0, -1), true)
  if (lines.length === 0 || !isMap(owner)) return
  const pair = (owner as YAMLMap).items.find(({ key }) => isScalar(key) && key.value === path.at(-1))
  if (pair === undefined || !isScalar(pair.key)) return
  pair.key.commentBefore = lines.map((line) => ` ${line}`).join('\n')
}

/** The manifests, one file each. */
export function manifestFiles({ systems }: DefinitionPlan): readonly WrittenFile[] {
  return systems.flatMap(({ system, resource }) => {
    if (system.resourcesIn !== 'manifest') return []
    const value = { ...system.manifest, resources: { [resource.name]: resource.settings } }
    const document = new Document(withVariables(system.name, value))
    document.commentBefore = [
      ` What ${system.name} can do, according to its description. What is left out has the careful default: improve it with the documentation.`,
      ...resource.notes.map((note) => ` check: ${note}`),
    ].join('\n')
    return [{ name: manifestName(system.name), text: document.toString({ lineWidth: 0 }) }]
  })
}

/** The text of `.env.example`. */
export function describedVariables({ systems }: DefinitionPlan): string {
  const lines = systems.flatMap(({ system }) =>
    system.variables.map(
      ({ name, value, whole }) => `${whole === true ? name : variable(system.name, name)}=${value ?? ''}`,
    ),
  )
  return ['# Copy to .env and fill in. Never commit .env.', ...lines, ''].join('\n')
}
