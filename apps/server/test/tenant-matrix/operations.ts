/**
 * Every operation of the schema as a document that asks for everything it can give, and the places in its arguments where ids and cursors
 * go in: what the tenant matrix tries. Derived from the schema, so that a new operation is in it from its first day.
 */
import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLNamedOutputType,
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isRequiredArgument,
  isUnionType,
} from 'graphql'

export interface TriedOperation {
  readonly kind: 'query' | 'mutation'
  readonly name: string
  readonly document: string
  /** Paths into the variables: `id`, `input.productId`. */
  readonly ids: readonly string[]
  readonly cursors: readonly string[]
}

/** Enough for an edge's node's author; the server's own limit is 10. */
const DEPTH = 6
const CURSORS = new Set(['after', 'before'])

export function operationsOf(schema: GraphQLSchema): TriedOperation[] {
  const fields = (kind: 'query' | 'mutation') =>
    Object.values(
      (kind === 'query' ? schema.getQueryType() : schema.getMutationType())?.getFields() ?? {},
    ).map((field) => tried(schema, kind, field))
  return [...fields('query'), ...fields('mutation')]
}

function tried(
  schema: GraphQLSchema,
  kind: 'query' | 'mutation',
  field: GraphQLField<unknown, unknown>,
): TriedOperation {
  const { name, args } = field
  const variables = args.map((argument) => `$${argument.name}: ${argument.type}`).join(', ')
  const passed = args.map((argument) => `${argument.name}: $${argument.name}`).join(', ')
  const selection = select(schema, getNamedType(field.type), DEPTH)
  const head = variables === '' ? `${kind} ${name}` : `${kind} ${name}(${variables})`
  const places = args.flatMap((argument) => placesIn(argument, argument.name))
  return {
    kind,
    name,
    document: `${head} { ${name}${passed === '' ? '' : `(${passed})`} ${selection} }`,
    ids: places.filter(({ type }) => type === 'id').map(({ path }) => path),
    cursors: places.filter(({ type }) => type === 'cursor').map(({ path }) => path),
  }
}

interface Place {
  readonly path: string
  readonly type: 'id' | 'cursor'
}

/** Lists of ids are one place: `[0]` is where the test puts one. */
function placesIn(input: GraphQLArgument | GraphQLInputField, path: string, depth = 4): Place[] {
  const type = getNamedType(input.type)
  const at = String(input.type).includes('[') ? `${path}.0` : path
  if (type.name === 'ID') return [{ path: at, type: 'id' }]
  if (type.name === 'String' && CURSORS.has(input.name)) return [{ path: at, type: 'cursor' }]
  if (!isInputObjectType(type) || depth === 0) return []
  return Object.values(type.getFields()).flatMap((field) => placesIn(field, `${at}.${field.name}`, depth - 1))
}

/** All that needs no arguments. Aliased by type, as fields of one name may differ in type from one member of a union to the next. */
function select(schema: GraphQLSchema, type: GraphQLNamedOutputType, depth: number): string {
  if (isObjectType(type)) return `{ ${selectFields(schema, type.getFields(), depth)} }`
  if (!isInterfaceType(type) && !isUnionType(type)) return ''
  const members = schema
    .getPossibleTypes(type)
    .map((member) => `... on ${member.name} { ${selectFields(schema, member.getFields(), depth)} }`)
  return `{ __typename ${members.join(' ')} }`
}

function selectFields(
  schema: GraphQLSchema,
  fields: Readonly<Record<string, GraphQLField<unknown, unknown>>>,
  depth: number,
): string {
  const selected = Object.values(fields).flatMap((field) => {
    if (field.args.some(isRequiredArgument)) return []
    const type = getNamedType(field.type)
    if (!isCompositeType(type)) return [field.name]
    return depth > 1 ? [`${field.name} ${select(schema, type, depth - 1)}`] : []
  })
  return ['__typename', ...selected].join(' ')
}

/** `variables` with `value` at `path`, and nothing else changed. */
export function withValue(
  variables: Readonly<Record<string, unknown>>,
  path: string,
  value: unknown,
): Record<string, unknown> {
  const copy = structuredClone(variables) as Record<string, unknown>
  const keys = path.split('.')
  let at: Record<string, unknown> = copy
  for (const [index, key] of keys.slice(0, -1).entries()) {
    at[key] ??= keys[index + 1] === '0' ? [] : {}
    at = at[key] as Record<string, unknown>
  }
  at[keys.at(-1)!] = value
  return copy
}
