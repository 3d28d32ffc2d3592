/**
 * From the `$metadata` document to a {@link ServiceModel}: EDMX 1.0 as OData V2 services send it, with SAP's
 * annotations in attributes (`sap:creatable`, `sap:label`, …), and EDMX 4.0 with annotations of the Core,
 * Common and Capabilities vocabularies.
 */
import { unusable } from '../../unusable.ts'
import { annotationsOf, type TermReader } from './annotations.ts'
import type { EdmNavigation, EdmProperty, EntitySet, ServiceModel, StructuredType } from './model.ts'
import { parseXml, type XmlElement } from './xml.ts'

/**
 * Parses the document. @throws IsthmusError CONNECTOR_RESPONSE_UNUSABLE when it is not a metadata document
 */
export function parseMetadata(text: string): ServiceModel {
  const parsed = parseXml(text)
  if (!parsed.ok) {
    throw unusable(
      parsed.refusal === 'has-document-type'
        ? '$metadata declares a document type, which is refused'
        : '$metadata is not well-formed XML',
    )
  }
  const [edmx] = childrenOf(parsed.root, 'Edmx')
  const schemas = childrenOf(edmx, 'DataServices').flatMap((services) => childrenOf(services, 'Schema'))
  if (edmx === undefined || schemas.length === 0) throw unusable('$metadata has no edmx:Edmx with a Schema')
  const version = edmx.attributes.Version?.startsWith('4') === true ? 4 : 2
  const terms = annotationsOf(schemas)
  const ends = associationEnds(schemas)
  const types = new Map<string, StructuredType>()
  for (const schema of schemas) addTypes(types, schema, { terms, ends })
  inheritAll(types, schemas)
  return { version, types, sets: entitySets(schemas, types, terms) }
}

interface Context {
  readonly terms: TermReader
  readonly ends: ReadonlyMap<string, AssociationEnd>
}

/** Registers every type by the full name, and by the schema's alias, as attributes may use either. */
function addTypes(types: Map<string, StructuredType>, schema: XmlElement, context: Context): void {
  const { Namespace = '', Alias } = schema.attributes
  for (const element of [...childrenOf(schema, 'EntityType'), ...childrenOf(schema, 'ComplexType')]) {
    const name = element.attributes.Name ?? ''
    const type = structuredType(element, [Namespace, ...(Alias === undefined ? [] : [Alias])], context)
    types.set(`${Namespace}.${name}`, type)
    if (Alias !== undefined) types.set(`${Alias}.${name}`, type)
  }
}

function structuredType(
  element: XmlElement,
  namespaces: readonly string[],
  { terms, ends }: Context,
): StructuredType {
  const typeName = element.attributes.Name ?? ''
  const key = childrenOf(element, 'Key')
    .flatMap((one) => childrenOf(one, 'PropertyRef'))
    .map((one) => one.attributes.Name ?? '')
  const properties = childrenOf(element, 'Property').map((one) => {
    const targets = namespaces.map((namespace) => `${namespace}.${typeName}/${one.attributes.Name}`)
    return propertyOf(one, terms.of(targets, one))
  })
  const navigations = childrenOf(element, 'NavigationProperty').flatMap((one) => navigationOf(one, ends))
  return {
    name: `${namespaces[0]}.${typeName}`,
    key,
    properties: new Map(properties.map((one) => [one.name, one])),
    navigations: new Map(navigations.map((one) => [one.name, one])),
  }
}

function propertyOf(element: XmlElement, terms: ReadonlyMap<string, string>): EdmProperty {
  const given = element.attributes
  const { name: type, isCollection } = unwrapped(given.Type ?? 'Edm.String')
  const label = given.label ?? terms.get('Label')
  const readOnly = terms.get('Computed') === 'true' || terms.get('FieldControl') === 'ReadOnly'
  const sizes = {
    maxLength: sizeOf(given.MaxLength),
    precision: sizeOf(given.Precision),
    scale: sizeOf(given.Scale),
  }
  return {
    name: given.Name ?? '',
    type,
    isCollection,
    nullable: given.Nullable !== 'false',
    ...(label === undefined ? {} : { label }),
    ...(sizes.maxLength === undefined ? {} : { maxLength: sizes.maxLength }),
    ...(sizes.precision === undefined ? {} : { precision: sizes.precision }),
    ...(sizes.scale === undefined ? {} : { scale: sizes.scale }),
    creatable: given.creatable !== 'false' && !readOnly,
    updatable: given.updatable !== 'false' && !readOnly && terms.get('Immutable') !== 'true',
    filterable: given.filterable !== 'false',
    isDay: type === 'Edm.DateTime' && given['display-format'] === 'Date',
  }
}

/** `Max` and `variable` are not numbers, and are ignored. */
function sizeOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined
}

interface AssociationEnd {
  readonly type: string
  readonly isMany: boolean
}

/** Ends of V2 associations by `association role`. */
function associationEnds(schemas: readonly XmlElement[]): ReadonlyMap<string, AssociationEnd> {
  const ends = new Map<string, AssociationEnd>()
  for (const schema of schemas) {
    const { Namespace = '', Alias } = schema.attributes
    for (const association of childrenOf(schema, 'Association')) {
      for (const end of childrenOf(association, 'End')) {
        const { Type = '', Role = '', Multiplicity } = end.attributes
        const known = { type: Type, isMany: Multiplicity === '*' }
        ends.set(`${Namespace}.${association.attributes.Name} ${Role}`, known)
        if (Alias !== undefined) ends.set(`${Alias}.${association.attributes.Name} ${Role}`, known)
      }
    }
  }
  return ends
}

function navigationOf(
  element: XmlElement,
  ends: ReadonlyMap<string, AssociationEnd>,
): readonly EdmNavigation[] {
  const { Name: name = '', Type, Relationship, ToRole } = element.attributes
  if (Type !== undefined) {
    const { name: target, isCollection } = unwrapped(Type)
    return [{ name, target, isMany: isCollection }]
  }
  const end = ends.get(`${Relationship} ${ToRole}`)
  return end === undefined ? [] : [{ name, target: end.type, isMany: end.isMany }]
}

const inheritanceMax = 20

/** Copies the members of base types into the types that extend them. */
function inheritAll(types: Map<string, StructuredType>, schemas: readonly XmlElement[]): void {
  const bases = new Map<string, string>()
  for (const schema of schemas) {
    for (const element of [...childrenOf(schema, 'EntityType'), ...childrenOf(schema, 'ComplexType')]) {
      const { Name, BaseType } = element.attributes
      if (BaseType !== undefined) bases.set(`${schema.attributes.Namespace}.${Name}`, BaseType)
    }
  }
  if (bases.size === 0) return
  for (const [name, type] of types) types.set(name, inherited(type, { types, bases, left: inheritanceMax }))
}

interface Inheritance {
  readonly types: ReadonlyMap<string, StructuredType>
  readonly bases: ReadonlyMap<string, string>
  /** Breaks circular base types. */
  readonly left: number
}

function inherited(type: StructuredType, given: Inheritance): StructuredType {
  const found = given.types.get(given.bases.get(type.name) ?? '')
  if (found === undefined || given.left === 0) return type
  const base = inherited(found, { ...given, left: given.left - 1 })
  return {
    name: type.name,
    key: type.key.length > 0 ? type.key : base.key,
    properties: new Map([...base.properties, ...type.properties]),
    navigations: new Map([...base.navigations, ...type.navigations]),
  }
}

function entitySets(
  schemas: readonly XmlElement[],
  types: ReadonlyMap<string, StructuredType>,
  terms: TermReader,
): ReadonlyMap<string, EntitySet> {
  const sets = new Map<string, EntitySet>()
  for (const schema of schemas) {
    for (const container of childrenOf(schema, 'EntityContainer')) {
      for (const element of childrenOf(container, 'EntitySet')) {
        const set = entitySet(element, schema, container, { types, terms })
        if (set !== undefined) sets.set(set.name, set)
      }
    }
  }
  return sets
}

function entitySet(
  element: XmlElement,
  schema: XmlElement,
  container: XmlElement,
  { types, terms }: { readonly types: ReadonlyMap<string, StructuredType>; readonly terms: TermReader },
): EntitySet | undefined {
  const given = element.attributes
  const name = given.Name ?? ''
  const type = types.get(given.EntityType ?? '')
  if (name === '' || type === undefined) return undefined
  const { Namespace, Alias } = schema.attributes
  const place = `${container.attributes.Name}/${name}`
  const own = terms.of([`${Namespace}.${place}`, `${Alias}.${place}`], element)
  const label = given.label ?? own.get('Label')
  return {
    name,
    type,
    ...(label === undefined ? {} : { label }),
    creatable: given.creatable !== 'false' && own.get('InsertRestrictions.Insertable') !== 'false',
    updatable: given.updatable !== 'false' && own.get('UpdateRestrictions.Updatable') !== 'false',
    deletable: given.deletable !== 'false' && own.get('DeleteRestrictions.Deletable') !== 'false',
  }
}

function unwrapped(type: string): { readonly name: string; readonly isCollection: boolean } {
  const inner = /^Collection\((.+)\)$/.exec(type)?.[1]
  return { name: inner ?? type, isCollection: inner !== undefined }
}

function childrenOf(element: XmlElement | undefined, name: string): readonly XmlElement[] {
  return element?.children[name] ?? []
}
