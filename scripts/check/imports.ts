/**
 * Finds what a source imports, in every form that TypeScript has: import and export declarations, `import()` as an expression and
 * as a type, `require`, `import.meta.resolve`. The import rules read it.
 */
import { isNode, type Node, parseSource, stringOf, walk } from './syntax-tree.ts'

export interface Import {
  /** Undefined when it is computed at run time. */
  readonly specifier: string | undefined
  /** True when nothing of it is left at run time. */
  readonly typeOnly: boolean
  /** From 1. */
  readonly line: number
}

export interface Imports {
  readonly imports: readonly Import[]
  /** Undefined when the source parses. */
  readonly syntaxError: { readonly message: string; readonly line: number } | undefined
}

export function importsOf(file: string, source: string): Imports {
  const { program, error, lineOf } = parseSource(file, source)
  const imports: Import[] = []
  walk(program, (node) => {
    const found = importIn(node)
    if (found !== undefined) imports.push({ ...found, line: lineOf(node.start) })
  })
  return { imports, syntaxError: error }
}

function importIn(node: Node): Omit<Import, 'line'> | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
      return {
        specifier: stringOf(node.source),
        typeOnly: node.importKind === 'type' || namesAreTypes(node),
      }
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
      if (!isNode(node.source)) return undefined
      return {
        specifier: stringOf(node.source),
        typeOnly: node.exportKind === 'type' || namesAreTypes(node),
      }
    case 'ImportExpression':
      return { specifier: stringOf(node.source), typeOnly: false }
    case 'TSImportType':
      return { specifier: stringOf(node.source), typeOnly: true }
    case 'TSExternalModuleReference':
      return { specifier: stringOf(node.expression), typeOnly: false }
    case 'CallExpression':
      if (!resolvesModule(node.callee)) return undefined
      return { specifier: stringOf([node.arguments].flat()[0]), typeOnly: false }
    default:
      return undefined
  }
}

/** `import { type A }` leaves an import behind in general, but names no value of the module. */
function namesAreTypes(node: Node): boolean {
  const names = [node.specifiers].flat().filter(isNode)
  return names.length > 0 && names.every((name) => name.importKind === 'type' || name.exportKind === 'type')
}

/** `require(…)`, `require.resolve(…)`, `import.meta.resolve(…)`. */
function resolvesModule(callee: unknown): boolean {
  if (!isNode(callee)) return false
  if (callee.type === 'Identifier') return callee.name === 'require'
  if (callee.type !== 'MemberExpression' || !isNode(callee.property) || callee.property.name !== 'resolve') {
    return false
  }
  const object = callee.object
  return isNode(object) && (object.type === 'MetaProperty' || object.name === 'require')
}
