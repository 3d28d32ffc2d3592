/** The reference page of the API client's options: read from the declarations themselves, so that it says what the compiler knows. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..')

/** Which declarations the page shows, in which order, and what each is for. */
const sections: readonly { readonly file: string; readonly name: string; readonly title: string }[] = [
  { file: 'options.ts', name: 'ApiClientOptions', title: 'A client' },
  { file: 'options.ts', name: 'Timeouts', title: '`timeouts`' },
  { file: 'options.ts', name: 'RetryOptions', title: '`retry`' },
  { file: 'breaker/circuit.ts', name: 'BreakerOptions', title: '`breaker`' },
  { file: 'limits/rate-limiter.ts', name: 'LimitOptions', title: '`limits`' },
  { file: 'limits/gcra.ts', name: 'RateLimit', title: '`limits.rates[]`' },
  { file: 'options.ts', name: 'ResponseLimits', title: '`response`' },
  { file: 'options.ts', name: 'CacheOptions', title: '`cache`' },
  { file: 'network/proxy.ts', name: 'ProxyOptions', title: '`proxy`' },
  { file: 'network/client-certificate.ts', name: 'ClientCertificate', title: '`clientCertificate`' },
  { file: 'auth/options.ts', name: 'TokenEndpointOptions', title: '`auth`: every OAuth 2 kind' },
  {
    file: 'auth/options.ts',
    name: 'OAuth2ClientCredentialsOptions',
    title: '`auth`: oauth2-client-credentials',
  },
  { file: 'auth/options.ts', name: 'OAuth2RefreshTokenOptions', title: '`auth`: oauth2-refresh-token' },
  { file: 'auth/options.ts', name: 'OAuth2JwtBearerOptions', title: '`auth`: oauth2-jwt-bearer' },
  { file: 'options.ts', name: 'CallOptions', title: 'A call' },
  { file: 'options.ts', name: 'TypedCallOptions', title: 'A call with a schema' },
  { file: 'options.ts', name: 'StreamOptions', title: 'A streamed response' },
  { file: 'pagination/walk.ts', name: 'PagesOptions', title: 'A list, page by page' },
  { file: 'pagination/walk.ts', name: 'ItemsOptions', title: 'A list, item by item' },
  { file: 'bodies/multipart.ts', name: 'MultipartPart', title: 'A part of an upload' },
  { file: 'bodies/ndjson.ts', name: 'NdjsonOptions', title: 'JSON lines' },
  { file: 'bodies/csv.ts', name: 'CsvOptions', title: 'CSV' },
]

/** `docs/reference/http-options.md` */
export function httpOptionsPage(): string {
  return [
    '# Options of the API client',
    '',
    'Every option of `isthmus/http`, with its unit, default and bounds. A value outside of its bounds is refused when the client is created or',
    'the call begins, with an error that names the option (`HTTP_OPTIONS_INVALID`). As a plain object, for a definition or `openApiClient`,',
    'the options have the same names; see [how to authenticate](../how-to/authenticate.md) for `auth`.',
    '',
    ...sections.flatMap(section),
  ].join('\n')
}

function section({ file, name, title }: (typeof sections)[number]): string[] {
  const declaration = declarationOf(path.join(root, 'src', 'http', file), name)
  const about = docOf(declaration)
  const rows = declaration.members.filter(ts.isPropertySignature).map((member) => row(member, about.text))
  const heading = [`## ${title}`, '', plain(about.text), '']
  return [...heading, '| option | unit | default | bounds | meaning |', '|---|---|---|---|---|', ...rows, '']
}

function row(member: ts.PropertySignature, sectionText: string): string {
  const name = member.name.getText()
  const { text, defaultText } = docOf(member)
  const type = member.type?.getText() ?? ''
  const needed = member.questionToken === undefined
  const fallback = defaultText ?? (/^Partial</.test(type) ? 'see below' : needed ? 'required' : 'none')
  const bounds = boundsIn(text) ?? (/^Partial|^number/.test(type) ? boundsIn(sectionText) : undefined)
  const cells = [`\`${name}\``, unitOf(name, type, text), fallback, bounds ?? '', plain(text) || named(type)]
  return `| ${cells.map(cell).join(' | ')} |`
}

function declarationOf(file: string, name: string): ts.InterfaceDeclaration {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true)
  const found = source.statements.find(
    (statement): statement is ts.InterfaceDeclaration =>
      ts.isInterfaceDeclaration(statement) && statement.name.text === name,
  )
  if (found === undefined)
    throw new Error(`${file} declares no interface ${name}: correct scripts/docs/http-options.ts`)
  return found
}

function docOf(node: ts.Node): { readonly text: string; readonly defaultText: string | undefined } {
  const [doc] = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc)
  const text = ts.getTextOfJSDocComment(doc?.comment) ?? ''
  const tag = doc?.tags?.find((one) => one.tagName.text === 'default')
  return { text, defaultText: ts.getTextOfJSDocComment(tag?.comment) }
}

/** What the numbers count: from the option's name, else from what is said about it. */
function unitOf(name: string, type: string, text: string): string {
  if (/Ms$/.test(name) || name === 'perMs') return 'ms'
  if (/Seconds$/.test(name)) return 's'
  if (/[bB]ytes$/.test(name)) return 'bytes'
  if (!/^number\b/.test(type)) return ''
  if (/^Share/.test(text)) return 'share'
  if (/^Characters/.test(text)) return 'characters'
  return /Monotonic ms/.test(text) ? 'ms' : 'count'
}

function boundsIn(text: string): string | undefined {
  // A comment may break its line within the bounds.
  return /(\d[\d.,^]*)\s+to\s+(\d[\d.,^]*\d)/.exec(text)?.[0].replaceAll(/\s+/g, ' ')
}

/** Without links to declarations, which a page can't follow. */
function plain(text: string): string {
  return text
    .replaceAll(/\{@link (\S+?)\}/g, '`$1`')
    .replaceAll(/\s+/g, ' ')
    .trim()
}

/** For an option whose type says it all. */
function named(type: string): string {
  const inner = /^Partial<(\w+)>/.exec(type)?.[1] ?? type.replaceAll(/\s+/g, ' ')
  return `\`${inner}\``
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ')
}
