/** Writes the `$metadata` document of a fake service, in the form of its version. */
import type { FakeNavigation, FakeProperty, FakeService, FakeSet } from './model.ts'

export function metadataOf(service: FakeService): string {
  return service.version === 2 ? edmx2(service) : edmx4(service)
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}

function attributes(given: Readonly<Record<string, string | number | boolean | undefined>>): string {
  return Object.entries(given)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}="${escaped(String(value))}"`)
    .join('')
}

const flag = (value: boolean | undefined): string | undefined => (value === false ? 'false' : undefined)

function edmx2(service: FakeService): string {
  const { namespace, sets } = service
  const types = sets.map((set) => {
    const properties = set.properties.map((one) => property2(one, set.key.includes(one.name)))
    const navigations = (set.navigations ?? []).map(
      (one) =>
        `<NavigationProperty${attributes({
          Name: one.name,
          Relationship: `${namespace}.${associationName(set, one)}`,
          FromRole: 'FromRole',
          ToRole: 'ToRole',
        })}/>`,
    )
    return `<EntityType Name="${set.type}"${attributes({ 'sap:label': set.label })} sap:content-version="1">${keyXml(set)}${properties.join('')}${navigations.join('')}</EntityType>`
  })
  const associations = sets.flatMap((set) =>
    (set.navigations ?? []).map((one) => {
      const target = sets.find(({ name }) => name === one.target)
      return `<Association Name="${associationName(set, one)}" sap:content-version="1"><End Type="${namespace}.${set.type}" Multiplicity="1" Role="FromRole"/><End Type="${namespace}.${target?.type}" Multiplicity="${one.many ? '*' : '0..1'}" Role="ToRole"/></Association>`
    }),
  )
  const entitySets = sets.map(
    (set) =>
      `<EntitySet${attributes({
        Name: set.name,
        EntityType: `${namespace}.${set.type}`,
        'sap:creatable': flag(set.creatable),
        'sap:updatable': flag(set.updatable),
        'sap:deletable': flag(set.deletable),
      })} sap:content-version="1"/>`,
  )
  return `<?xml version="1.0" encoding="utf-8"?><edmx:Edmx Version="1.0" xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx" xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata" xmlns:sap="http://www.sap.com/Protocols/SAPData"><edmx:DataServices m:DataServiceVersion="2.0"><Schema Namespace="${namespace}" xmlns="http://schemas.microsoft.com/ado/2008/09/edm" sap:schema-version="1">${types.join('')}${associations.join('')}<EntityContainer Name="${namespace}_Entities" m:IsDefaultEntityContainer="true" sap:supported-formats="atom json">${entitySets.join('')}</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>`
}

function associationName(set: FakeSet, navigation: FakeNavigation): string {
  return `assoc_${set.type}_${navigation.name}`
}

function keyXml({ key }: FakeSet): string {
  return `<Key>${key.map((name) => `<PropertyRef Name="${name}"/>`).join('')}</Key>`
}

function property2(property: FakeProperty, isKey: boolean): string {
  const isDay = property.type === 'Edm.DateTime'
  return `<Property${attributes({
    Name: property.name,
    Type: property.type,
    Nullable: isKey || property.nullable === false ? 'false' : undefined,
    MaxLength: property.maxLength,
    Precision: isDay ? 0 : property.precision,
    Scale: property.scale,
    'sap:display-format': isDay ? 'Date' : undefined,
    'sap:label': property.label,
    'sap:creatable': flag(property.creatable),
    'sap:updatable': flag(property.updatable),
    'sap:filterable': flag(property.filterable),
  })}/>`
}

function edmx4(service: FakeService): string {
  const { namespace, sets } = service
  const types = sets.map((set) => {
    const properties = set.properties.map((one) => property4(one, set.key.includes(one.name)))
    const navigations = (set.navigations ?? []).map((one) => {
      const target = `${namespace}.${sets.find(({ name }) => name === one.target)?.type}`
      return `<NavigationProperty Name="${one.name}" Type="${one.many ? `Collection(${target})` : target}"/>`
    })
    return `<EntityType Name="${set.type}">${keyXml(set)}${properties.join('')}${navigations.join('')}</EntityType>`
  })
  const entitySets = sets.map((set) => {
    const bindings = (set.navigations ?? []).map(
      (one) => `<NavigationPropertyBinding Path="${one.name}" Target="${one.target}"/>`,
    )
    return `<EntitySet Name="${set.name}" EntityType="${namespace}.${set.type}">${bindings.join('')}</EntitySet>`
  })
  return `<?xml version="1.0" encoding="utf-8"?><edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" xmlns="http://docs.oasis-open.org/odata/ns/edm"><edmx:Reference Uri="/sap/opu/odata4/iwfnd/catalogue/Core.V1"><edmx:Include Namespace="Org.OData.Core.V1" Alias="SAP__core"/></edmx:Reference><edmx:DataServices><Schema Namespace="${namespace}" Alias="SAP__self">${types.join('')}<EntityContainer Name="Container">${entitySets.join('')}</EntityContainer>${sets.flatMap(annotations4).join('')}</Schema></edmx:DataServices></edmx:Edmx>`
}

function property4(property: FakeProperty, isKey: boolean): string {
  return `<Property${attributes({
    Name: property.name,
    Type: property.type,
    Nullable: isKey || property.nullable === false ? 'false' : undefined,
    MaxLength: property.maxLength,
    Precision: property.precision,
    Scale: property.scale,
  })}/>`
}

function annotations4(set: FakeSet): readonly string[] {
  const ofProperties = set.properties.flatMap((one) => {
    const label =
      one.label === undefined ? '' : `<Annotation Term="SAP__common.Label" String="${escaped(one.label)}"/>`
    const computed =
      one.creatable === false && one.updatable === false ? '<Annotation Term="SAP__core.Computed"/>' : ''
    const immutable =
      one.creatable !== false && one.updatable === false ? '<Annotation Term="SAP__core.Immutable"/>' : ''
    const all = `${label}${computed}${immutable}`
    return all === '' ? [] : [`<Annotations Target="SAP__self.${set.type}/${one.name}">${all}</Annotations>`]
  })
  const restrictions = (
    [
      ['InsertRestrictions', 'Insertable', set.creatable],
      ['UpdateRestrictions', 'Updatable', set.updatable],
      ['DeleteRestrictions', 'Deletable', set.deletable],
    ] as const
  )
    .filter(([, , allowed]) => allowed === false)
    .map(
      ([term, name]) =>
        `<Annotation Term="SAP__capabilities.${term}"><Record><PropertyValue Property="${name}" Bool="false"/></Record></Annotation>`,
    )
  return restrictions.length === 0
    ? ofProperties
    : [
        ...ofProperties,
        `<Annotations Target="SAP__self.Container/${set.name}">${restrictions.join('')}</Annotations>`,
      ]
}
