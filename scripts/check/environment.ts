/**
 * Environment variables: only `config.ts` reads them, every one that it reads stands in a table with a `variable` column, and
 * every one in such a table is read.
 */
import { tableColumn } from './markdown.ts'
import type { SourceTree } from './source-tree.ts'
import { type Fault, resultOf, type StepResult } from './step.ts'
import { isNode, type Node, parseSource, stringOf, walk } from './syntax-tree.ts'

const product = /^(packages|apps)\/[^/]+\/src\/.*\.ts$/
const config = /\/(config\.ts|config\/[^/]+\.ts)$/
const variableName = /^[A-Z][A-Z0-9]+(_[A-Z0-9]+)*$/

export function checkEnvironment(tree: SourceTree): StepResult {
  return resultOf(environmentFaults(tree))
}

export function environmentFaults(tree: SourceTree): readonly Fault[] {
  const sources = tree.files.filter((file) => product.test(file))
  const read = sources.filter((file) => config.test(file)).flatMap((file) => variablesRead(tree, file))
  const documented = tree.files
    .filter((file) => file.endsWith('.md'))
    .flatMap((file) => variablesDocumented(tree, file))
  return [
    ...sources.filter((file) => !config.test(file)).flatMap((file) => readsElsewhere(tree, file)),
    ...missingFrom(
      documented,
      read,
      "is read here and documented nowhere: add it to a table with a 'variable' column",
    ),
    ...missingFrom(
      read,
      documented,
      'is documented here and read by no config.ts: remove the row, or read it',
    ),
  ]
}

interface Mention {
  readonly name: string
  readonly file: string
  readonly line: number
}

/** Every name in capitals that a config.ts holds in a string. */
function variablesRead(tree: SourceTree, file: string): readonly Mention[] {
  const { program, lineOf } = parseSource(file, tree.read(file))
  const mentions: Mention[] = []
  walk(program, (node) => {
    const name = stringOf(node) ?? environmentMember(node)
    if (name !== undefined && variableName.test(name)) mentions.push({ name, file, line: lineOf(node.start) })
  })
  return mentions
}

function variablesDocumented(tree: SourceTree, file: string): readonly Mention[] {
  return tableColumn(tree.read(file), 'variable').flatMap(({ text, line }) =>
    [...text.matchAll(/`([^`]+)`/g)].flatMap(([, name = '']) =>
      variableName.test(name) ? [{ name, file, line }] : [],
    ),
  )
}

function missingFrom(there: readonly Mention[], here: readonly Mention[], what: string): readonly Fault[] {
  const names = new Set(there.map(({ name }) => name))
  const missing = new Map(
    here.filter(({ name }) => !names.has(name)).map((mention) => [mention.name, mention]),
  )
  return [...missing.values()].map(({ name, file, line }) => ({
    file,
    line,
    rule: 'environment',
    message: `${name} ${what}`,
  }))
}

/** Node's own, which are no configuration of the product. */
const ofNode = new Set(['NODE_OPTIONS'])

/** `process.env.NAME` and `process.env[…]`. Handing the whole of `process.env` to a config is how `main.ts` begins. */
function readsElsewhere(tree: SourceTree, file: string): readonly Fault[] {
  const { program, lineOf } = parseSource(file, tree.read(file))
  const faults: Fault[] = []
  walk(program, (node) => {
    if (node.type !== 'MemberExpression' || !isProcessEnv(node.object)) return
    if (node.computed !== true && isNode(node.property) && ofNode.has(String(node.property.name))) return
    const message = 'only config.ts reads the environment: take the value as an argument'
    faults.push({ file, line: lineOf(node.start), rule: 'environment', message })
  })
  return faults
}

/** The name in `process.env.NAME` and `env.NAME`. */
function environmentMember(node: Node): string | undefined {
  if (node.type !== 'MemberExpression' || node.computed === true || !isNode(node.property)) return undefined
  const isEnvironment = isProcessEnv(node.object) || (isNode(node.object) && node.object.name === 'env')
  return isEnvironment ? String(node.property.name) : undefined
}

function isProcessEnv(node: unknown): boolean {
  if (!isNode(node) || node.type !== 'MemberExpression' || !isNode(node.object) || !isNode(node.property))
    return false
  return node.object.name === 'process' && node.property.name === 'env'
}
