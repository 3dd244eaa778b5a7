/**
 * JSON Schemas of the types that Lens's API answers with, made from the types themselves and their comments: contract.ts and its topics, and those of Jaeger.
 * Run as a program, it writes src/api/openapi/contract-schemas.json, which a test holds against what it would write.
 */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Comment, parseSync, type TSSignature, type TSType } from 'oxc-parser'
import type { Schema } from '../../src/api/openapi/operation.ts'

const api = new URL('../../src/api/', import.meta.url)
export const schemasFile = new URL('openapi/contract-schemas.json', api)

const sources = [
  new URL('contract.ts', api),
  ...readdirSync(new URL('contract/', api))
    .toSorted()
    .map((name) => new URL(`contract/${name}`, api)),
  ...['json', 'metric-family', 'dependency-routes'].map((name) => new URL(`jaeger/${name}.ts`, api)),
]

interface Declaration {
  readonly file: SourceFile
  readonly start: number
  readonly type: TSType | undefined
  readonly members: readonly TSSignature[]
  readonly parents: readonly TSType[]
}

interface SourceFile {
  readonly text: string
  readonly comments: readonly Comment[]
}

/** By the types' names, which are one namespace. */
export function contractSchemas(): Record<string, Schema> {
  const declarations = new Map<string, Declaration>()
  for (const url of sources) {
    const text = readFileSync(url, 'utf8')
    const { program, comments } = parseSync(basename(url.pathname), text)
    const file = { text, comments }
    for (const statement of program.body) {
      if (statement.type !== 'ExportNamedDeclaration' || statement.declaration === null) continue
      const { declaration, start } = statement
      if (declaration.type === 'TSInterfaceDeclaration') {
        // A heritage clause is written as an expression and means a type.
        const parents = declaration.extends.map(
          ({ expression, typeArguments }) =>
            ({ type: 'TSTypeReference', typeName: expression, typeArguments }) as unknown as TSType,
        )
        const members = declaration.body.body
        declarations.set(declaration.id.name, { file, start, type: undefined, members, parents })
      } else if (declaration.type === 'TSTypeAliasDeclaration') {
        const type = declaration.typeAnnotation
        declarations.set(declaration.id.name, { file, start, type, members: [], parents: [] })
      }
    }
  }
  const writer = new SchemaWriter(declarations)
  return Object.fromEntries(
    [...declarations.keys()].toSorted().map((name) => [name, writer.declared(name)] as const),
  )
}

class SchemaWriter {
  readonly #declarations: ReadonlyMap<string, Declaration>

  constructor(declarations: ReadonlyMap<string, Declaration>) {
    this.#declarations = declarations
  }

  declared(name: string): Schema {
    const found = this.#declarations.get(name)
    if (found === undefined) throw new Error(`the contract has no type ${name}`)
    const { file, start, type, members, parents } = found
    const description = commentBefore(file, start)
    if (type !== undefined) return { ...description, ...this.#schema(type, file) }
    const inherited = parents.map((parent) => this.#flat(parent, file))
    return { ...description, ...merged([...inherited, this.#members(members, file)]) }
  }

  #members(members: readonly TSSignature[], file: SourceFile): Schema {
    const properties: Record<string, Schema> = {}
    const required: string[] = []
    for (const member of members) {
      if (member.type === 'TSIndexSignature') {
        return {
          type: 'object',
          additionalProperties: this.#schema(member.typeAnnotation.typeAnnotation, file),
        }
      }
      if (member.type !== 'TSPropertySignature' || member.key.type !== 'Identifier') {
        throw new Error(`a contract holds properties alone, not ${member.type}`)
      }
      const { name } = member.key
      const type = member.typeAnnotation?.typeAnnotation
      if (type === undefined) throw new Error(`${name} has no type`)
      properties[name] = { ...this.#schema(type, file), ...commentBefore(file, member.start) }
      if (!member.optional) required.push(name)
    }
    return { type: 'object', properties, required }
  }

  #schema(type: TSType, file: SourceFile): Schema {
    switch (type.type) {
      case 'TSStringKeyword':
        return { type: 'string' }
      case 'TSNumberKeyword':
        return { type: 'number' }
      case 'TSBooleanKeyword':
        return { type: 'boolean' }
      case 'TSNullKeyword':
        return { type: 'null' }
      case 'TSLiteralType':
        if (type.literal.type !== 'Literal') break
        return { const: type.literal.value }
      case 'TSTypeOperator':
        return this.#schema(type.typeAnnotation, file)
      case 'TSParenthesizedType':
        return this.#schema(type.typeAnnotation, file)
      case 'TSArrayType':
        return { type: 'array', items: this.#schema(type.elementType, file) }
      case 'TSTypeLiteral':
        return this.#members(type.members, file)
      case 'TSIntersectionType':
        return merged(type.types.map((part) => this.#flat(part, file)))
      case 'TSIndexedAccessType':
        return this.#indexed(type.objectType, type.indexType, file)
      case 'TSUnionType':
        return union(type.types.map((part) => this.#schema(part, file)))
      case 'TSTypeReference': {
        const { typeName, typeArguments } = type
        if (typeName.type !== 'Identifier') break
        if (typeName.name === 'Readonly' || typeName.name === 'Omit' || typeName.name === 'Exclude') {
          return this.#flat(type, file)
        }
        if (typeName.name === 'Record') {
          const value = typeArguments?.params[1]
          if (value === undefined) break
          return { type: 'object', additionalProperties: this.#schema(value, file) }
        }
        if (!this.#declarations.has(typeName.name)) break
        return { $ref: `#/components/schemas/${typeName.name}` }
      }
    }
    throw new Error(`no schema is known for ${file.text.slice(type.start, type.end)}`)
  }

  /** With what it refers to written out, one level deep. */
  #flat(type: TSType, file: SourceFile): Schema {
    if (type.type !== 'TSTypeReference' || type.typeName.type !== 'Identifier')
      return this.#schema(type, file)
    const [first, second] = type.typeArguments?.params ?? []
    const { name } = type.typeName
    if (first === undefined) return this.declared(name)
    if (name === 'Record') return this.#schema(type, file)
    const whole = this.#flat(first, file)
    if (name === 'Readonly') return whole
    const left = new Set(second === undefined ? [] : literals(this.#schema(second, file)))
    if (name === 'Exclude') return { enum: literals(whole).filter((value) => !left.has(value)) }
    if (name === 'Omit') {
      return {
        ...whole,
        properties: Object.fromEntries(
          Object.entries(whole.properties ?? {}).filter(([key]) => !left.has(key)),
        ),
        required: (whole.required ?? []).filter((key) => !left.has(key)),
      }
    }
    throw new Error(`no schema is known for ${name}`)
  }

  #indexed(object: TSType, index: TSType, file: SourceFile): Schema {
    const whole = this.#flat(object, file)
    const key = literals(this.#schema(index, file))[0]
    if (index.type === 'TSNumberKeyword' && whole.items !== undefined) return whole.items
    const { description: _, ...schema } = whole.properties?.[String(key)] ?? {}
    return schema
  }
}

/** Of objects, all of which it is. */
function merged(schemas: readonly Schema[]): Schema {
  const properties = Object.assign({}, ...schemas.map((schema) => schema.properties)) as Record<
    string,
    Schema
  >
  const required = new Set(schemas.flatMap((schema) => schema.required ?? []))
  return { type: 'object', properties, required: [...required] }
}

function union(schemas: readonly Schema[]): Schema {
  if (schemas.every((schema) => 'const' in schema)) return { enum: schemas.map((schema) => schema.const) }
  const types = schemas.map(({ type, ...rest }) => (Object.keys(rest).length === 0 ? type : undefined))
  if (types.every((type) => typeof type === 'string')) return { type: types }
  return { anyOf: schemas }
}

function literals(schema: Schema): unknown[] {
  return schema.enum === undefined ? ('const' in schema ? [schema.const] : []) : [...schema.enum]
}

/** The comment that stands right before it. */
function commentBefore({ text, comments }: SourceFile, start: number): { readonly description?: string } {
  const comment = comments.findLast(({ end }) => end <= start)
  if (comment === undefined || comment.type !== 'Block' || !comment.value.startsWith('*')) return {}
  if (text.slice(comment.end, start).trim() !== '') return {}
  const lines = comment.value
    .slice(1)
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, '').trimEnd())
  const isTable = lines.some((line) => line.startsWith('|'))
  const description = lines
    .join(isTable ? '\n' : ' ')
    .replace(/ {2,}/g, ' ')
    .trim()
  return description === '' ? {} : { description }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(schemasFile, `${JSON.stringify(contractSchemas(), undefined, 1)}\n`)
}
