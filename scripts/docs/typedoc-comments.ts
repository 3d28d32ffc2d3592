/**
 * A TypeDoc plugin that finds documentation where TypeDoc does not look for it. What has none there either stays undocumented, which is an error.
 *
 * - A property that comes from a schema is documented by the schema's own `.describe()`, so that the reference of the definition, the JSON Schema
 *   and the API documentation have one text.
 * - The property that tells the variants of a union apart (`kind: 'gone'`) is documented by the comment on its variant.
 */
import { type Application, Comment, Converter, type DeclarationReflection, ReflectionKind } from 'typedoc'
import ts from 'typescript'

/** The text of the outermost `.describe('…')` in the chain of calls that makes up a property's schema. */
function describedBy(expression: ts.Expression, checker: ts.TypeChecker): string | undefined {
  if (ts.isCallExpression(expression) && ts.isPropertyAccessExpression(expression.expression)) {
    const [argument] = expression.arguments
    if (expression.expression.name.text === 'describe' && argument !== undefined) return textOf(argument)
    return describedBy(expression.expression.expression, checker)
  }
  return ts.isIdentifier(expression) ? describedByName(expression, checker) : undefined
}

/** A schema that has a name of its own is described where it is declared. */
function describedByName(name: ts.Identifier, checker: ts.TypeChecker): string | undefined {
  const symbol = checker.getSymbolAtLocation(name)
  const target =
    symbol !== undefined && (symbol.flags & ts.SymbolFlags.Alias) !== 0
      ? checker.getAliasedSymbol(symbol)
      : symbol
  const declaration = target?.valueDeclaration
  if (declaration === undefined || !ts.isVariableDeclaration(declaration)) return undefined
  return declaration.initializer === undefined ? undefined : describedBy(declaration.initializer, checker)
}

function textOf(argument: ts.Expression): string | undefined {
  if (ts.isStringLiteralLike(argument)) return argument.text
  if (ts.isTemplateExpression(argument))
    return [argument.head.text, ...argument.templateSpans.map((span) => `…${span.literal.text}`)].join('')
  return undefined
}

/** The comment on the variant of a union that a property with one literal value stands in. */
function variantComment(property: ts.PropertySignature): string | undefined {
  if (property.type === undefined || !isLiteral(property.type)) return undefined
  let variant: ts.Node = property.parent
  while (ts.isIntersectionTypeNode(variant.parent) || ts.isParenthesizedTypeNode(variant.parent))
    variant = variant.parent
  const union = variant.parent
  if (!ts.isUnionTypeNode(union)) return undefined
  const before = union.types[union.types.indexOf(variant as ts.TypeNode) - 1]
  // The comment of a variant stands before its bar, which belongs to no node.
  const gap = property.getSourceFile().text.slice(before?.end ?? union.pos, variant.getStart())
  return /\/\*\*([\s\S]*?)\*\//
    .exec(gap)?.[1]
    ?.replace(/^\s*\*/gm, '')
    .trim()
}

function isLiteral(type: ts.TypeNode): boolean {
  return ts.isLiteralTypeNode(type) || (ts.isUnionTypeNode(type) && type.types.every(ts.isLiteralTypeNode))
}

/** Called by TypeDoc. */
export function load(app: Application): void {
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (context, reflection: DeclarationReflection) => {
    if (!reflection.kindOf(ReflectionKind.Property) || reflection.hasComment()) return
    const declaration = context.getSymbolFromReflection(reflection)?.declarations?.[0]
    if (declaration === undefined) return
    const text = ts.isPropertyAssignment(declaration)
      ? describedBy(declaration.initializer, context.checker)
      : ts.isPropertySignature(declaration)
        ? variantComment(declaration)
        : undefined
    if (text !== undefined) reflection.comment = new Comment([{ kind: 'text', text }])
  })
}
