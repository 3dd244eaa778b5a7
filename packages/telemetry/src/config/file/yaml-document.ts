/** A YAML file as a tree of nodes that know their places. The parser is loaded when there is a file to read, and not before. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { LineCounter, Scalar } from 'yaml'
import type { Environment } from '../env-reader.ts'
import { FileNode, type Sources } from './file-node.ts'
import { hasReferences, substitute, typed } from './substitute.ts'
import { UnusableFileError } from './unusable-file-error.ts'

export interface FileDocument {
  readonly root: FileNode
  /** What is wrong with it, a sentence each; grows while it is read. */
  readonly problems: string[]
}

const supportedFormat = /^1\.\d+(-|$)/

/** @throws UnusableFileError when it cannot be read, is no YAML, or is of another format. */
export function openDocument(path: string, env: Environment): FileDocument {
  const text = readText(path)
  const require = createRequire(import.meta.url)
  const yaml = require('yaml') as typeof import('yaml')
  const lines = new yaml.LineCounter()
  const document = yaml.parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true })
  const sources: Sources = {
    document,
    yaml,
    problems: [],
    place: (node) => placeOf(path, lines, node.range?.[0] ?? 0),
  }
  const [fault] = document.errors
  if (fault !== undefined) {
    throw new UnusableFileError(`${placeOf(path, lines, fault.pos[0])}: it is no YAML: ${fault.message}`)
  }
  yaml.visit(document, {
    Scalar(key, scalar) {
      if (key !== 'key') putVariables(scalar, env, () => sources.place(scalar))
    },
  })
  const root = new FileNode(sources, document.contents ?? new yaml.YAMLMap(), '')
  checkFormat(root)
  return { root, problems: sources.problems }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new UnusableFileError((cause as Error).message)
  }
}

function placeOf(path: string, lines: LineCounter, offset: number): string {
  const { line, col } = lines.linePos(offset)
  return `${path}:${line}:${col}`
}

function putVariables(scalar: Scalar, env: Environment, place: () => string): void {
  const { value, type } = scalar
  if (typeof value !== 'string' || !hasReferences(value)) return
  try {
    const text = substitute(value, env)
    scalar.value = type === 'PLAIN' ? typed(text) : text
  } catch (cause) {
    throw new UnusableFileError(`${place()}: ${(cause as Error).message}`)
  }
}

function checkFormat(root: FileNode): void {
  const format = root.isMapping ? root.raw('file_format') : undefined
  if (typeof format === 'string' && supportedFormat.test(format)) return
  const found = format === undefined ? 'it has none' : `not ${JSON.stringify(format)}`
  throw new UnusableFileError(
    `${root.placeOf('file_format')}: file_format must be "1.0" or another 1.x, ${found}`,
  )
}
