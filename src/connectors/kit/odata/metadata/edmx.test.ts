import { describe, expect, test } from 'vitest'
import { parseMetadata } from './edmx.ts'

const v2 = `<?xml version="1.0"?>
<edmx:Edmx Version="1.0" xmlns:edmx="e" xmlns:m="m" xmlns:sap="s"><edmx:DataServices m:DataServiceVersion="2.0">
<Schema Namespace="NS" Alias="Self">
  <EntityType Name="Base"><Key><PropertyRef Name="Id"/></Key><Property Name="Id" Type="Edm.String" Nullable="false" MaxLength="10"/></EntityType>
  <EntityType Name="Order" BaseType="NS.Base">
    <Property Name="Day" Type="Edm.DateTime" Precision="0" sap:display-format="Date" sap:label="Day &amp; night"/>
    <Property Name="At" Type="Edm.DateTime" sap:filterable="false"/>
    <Property Name="Amount" Type="Edm.Decimal" Precision="16" Scale="3" sap:updatable="false"/>
    <Property Name="Text" Type="Edm.String" MaxLength="Max"/>
    <Property Name="Where" Type="Self.Place"/>
    <NavigationProperty Name="to_Item" Relationship="NS.OrderItem" FromRole="A" ToRole="B"/>
    <NavigationProperty Name="to_Lost" Relationship="NS.Nowhere" FromRole="A" ToRole="B"/>
  </EntityType>
  <EntityType Name="Item"><Key><PropertyRef Name="Id"/></Key><Property Name="Id" Type="Edm.String"/></EntityType>
  <ComplexType Name="Place"><Property Name="City" Type="Edm.String"/></ComplexType>
  <Association Name="OrderItem"><End Type="NS.Order" Role="A" Multiplicity="1"/><End Type="NS.Item" Role="B" Multiplicity="*"/></Association>
  <EntityContainer Name="C">
    <EntitySet Name="Orders" EntityType="NS.Order" sap:deletable="false"/>
    <EntitySet Name="Lost" EntityType="NS.Missing"/>
  </EntityContainer>
</Schema></edmx:DataServices></edmx:Edmx>`

const v4 = `<edmx:Edmx Version="4.0" xmlns:edmx="e"><edmx:DataServices>
<Schema Namespace="com.x" Alias="SAP__self">
  <EntityType Name="OrderType"><Key><PropertyRef Name="Id"/></Key>
    <Property Name="Id" Type="Edm.Guid" Nullable="false"/>
    <Property Name="Total" Type="Edm.Decimal" Precision="15" Scale="variable"/>
    <Property Name="Kind" Type="Edm.String"/>
    <Property Name="Secret" Type="Edm.String"><Annotation Term="Org.OData.Core.V1.Computed"/></Property>
    <Property Name="Tags" Type="Collection(Edm.String)"/>
    <NavigationProperty Name="_Item" Type="Collection(com.x.OrderType)"/>
  </EntityType>
  <EntityContainer Name="Container"><EntitySet Name="Order" EntityType="com.x.OrderType"/></EntityContainer>
  <Annotations Target="SAP__self.OrderType/Total"><Annotation Term="SAP__core.Computed"/><Annotation Term="SAP__common.Label" String="Total"/></Annotations>
  <Annotations Target="SAP__self.OrderType/Kind"><Annotation Term="SAP__core.Immutable" Bool="true"/></Annotations>
  <Annotations Target="SAP__self.Container/Order"><Annotation Term="SAP__capabilities.DeleteRestrictions"><Record><PropertyValue Property="Deletable" Bool="false"/></Record></Annotation></Annotations>
</Schema></edmx:DataServices></edmx:Edmx>`

describe('the metadata document', () => {
  test('of V2 is read with its annotations, base types and associations', () => {
    const model = parseMetadata(v2)
    const set = model.sets.get('Orders')
    expect(model.version).toBe(2)
    expect([...model.sets.keys()]).toEqual(['Orders'])
    expect(set).toMatchObject({ creatable: true, updatable: true, deletable: false })
    expect(set?.type.key).toEqual(['Id'])
    expect([...(set?.type.properties.keys() ?? [])]).toEqual(['Id', 'Day', 'At', 'Amount', 'Text', 'Where'])
    const property = (name: string) => set?.type.properties.get(name)
    expect(property('Id')).toMatchObject({ nullable: false, maxLength: 10 })
    expect(property('Day')).toMatchObject({ isDay: true, label: 'Day & night' })
    expect(property('At')).toMatchObject({ isDay: false, filterable: false })
    expect(property('Amount')).toMatchObject({ precision: 16, scale: 3, creatable: true, updatable: false })
    expect(property('Text')).not.toHaveProperty('maxLength')
    expect(model.types.get('Self.Place')?.properties.has('City')).toBe(true)
    expect([...(set?.type.navigations.values() ?? [])]).toEqual([
      { name: 'to_Item', target: 'NS.Item', isMany: true },
    ])
  })

  test('of V4 is read with what its vocabularies say about writing', () => {
    const model = parseMetadata(v4)
    const set = model.sets.get('Order')
    const property = (name: string) => set?.type.properties.get(name)
    expect(model.version).toBe(4)
    expect(set).toMatchObject({ creatable: true, deletable: false })
    expect(property('Total')).toMatchObject({
      creatable: false,
      updatable: false,
      label: 'Total',
      precision: 15,
    })
    expect(property('Total')).not.toHaveProperty('scale')
    expect(property('Kind')).toMatchObject({ creatable: true, updatable: false })
    expect(property('Secret')).toMatchObject({ creatable: false, updatable: false })
    expect(property('Tags')).toMatchObject({ type: 'Edm.String', isCollection: true })
    expect(set?.type.navigations.get('_Item')).toMatchObject({ isMany: true })
  })

  test.each([
    ['nothing', ''],
    ['a web page', '<html><body>hello</body></html>'],
    ['XML that breaks off', v2.slice(0, 400)],
    ['a document type', `<!DOCTYPE x>${v2}`],
  ])('%s is refused', (_name, text) => {
    expect(() => parseMetadata(text)).toThrow(
      expect.objectContaining({ code: 'CONNECTOR_RESPONSE_UNUSABLE' }),
    )
  })
})
