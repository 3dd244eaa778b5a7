/**
 * The code in every page: TypeScript and JavaScript are type-checked together, GraphQL, JSON, YAML and shell are parsed, the files and flags
 * that commands name exist, and so does every variable of ours that a page mentions. Links and npm scripts are `npm run check`'s.
 * A block that cannot be checked says why in a comment above it: `<!-- unchecked: reason -->`.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { suite, test } from 'node:test'
import { parse as parseGraphql } from 'graphql'
import { parseAllDocuments } from 'yaml'
import { type CodeBlock, codeBlocksOf } from '../check/markdown.ts'
import { readSourceTree } from '../check/source-tree.ts'

interface Block extends CodeBlock {
  readonly page: string
}

const tree = readSourceTree()
const pages = tree.files.filter((file) => file.endsWith('.md'))

const blocks = pages.flatMap((page) =>
  codeBlocksOf(tree.read(page)).map((block): Block => ({ page, ...block })),
)
const checked = (...languages: readonly string[]) =>
  blocks.filter(({ language, unchecked }) => languages.includes(language) && unchecked === undefined)
const placeOf = ({ page, line }: Block) => `${page}:${line}`
/** What is wrong with each block, by its place; `check` returns or throws it. */
const faultsIn = (list: readonly Block[], check: (block: Block) => readonly string[]) =>
  list.flatMap((block) => {
    try {
      return check(block).map((fault) => `${placeOf(block)} ${fault}`)
    } catch (error) {
      return [`${placeOf(block)} ${(error as Error).message}`]
    }
  })

test('every block is in a language that is checked, or says why it is not', () => {
  // Units of systemd (ini) are judged by systemd, where they stand: e2e/test.
  const known = ['', 'ts', 'js', 'sh', 'json', 'yaml', 'graphql', 'sql', 'ini']
  assert.ok(blocks.length > 50)
  assert.deepEqual(
    blocks
      .filter(({ language, unchecked }) => !known.includes(language) && unchecked === undefined)
      .map(placeOf),
    [],
  )
})

test('TypeScript and JavaScript have no type errors', { timeout: 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'rustok-blocks-'))
  try {
    const code = checked('ts', 'js')
    assert.ok(code.length > 15)
    symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
    const names = new Map<string, Block>()
    for (const block of code) {
      const page = block.page.replace(/\W+/g, '-')
      mkdirSync(join(folder, page), { recursive: true })
      // The name that the page gives it is what its other blocks import; of two the last one is meant.
      for (const file of new Set([
        `${block.line}.${block.language}`,
        block.file ?? `${block.line}.${block.language}`,
      ])) {
        names.set(`${page}/${file}`, block)
        writeFileSync(join(folder, page, file), block.code)
      }
    }
    const compilerOptions = {
      allowJs: true,
      checkJs: true,
      moduleDetection: 'force',
      // JavaScript cannot annotate its parameters.
      noImplicitAny: false,
      types: ['node'],
    }
    const config = { extends: resolve('tsconfig.base.json'), compilerOptions, include: ['*/*.ts', '*/*.js'] }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
    const tsc = [resolve('node_modules/typescript/bin/tsc'), '-p', folder, '--noEmit', '--pretty', 'false']
    const { status, stdout } = spawnSync(process.execPath, tsc, { cwd: folder, encoding: 'utf8' })
    const told = stdout.replaceAll(/^([\w-]+\/[\w-]+\.[tj]s)\((\d+)/gm, (all, name: string, line: string) => {
      const block = names.get(name)
      return block === undefined ? all : `${block.page}(${block.line + Number(line)}`
    })
    assert.equal(status, 0, told)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('GraphQL, JSON and YAML parse', () => {
  assert.deepEqual(
    faultsIn(checked('graphql', 'json', 'yaml'), ({ language, code }) => {
      if (language === 'graphql') parseGraphql(code)
      if (language === 'json') JSON.parse(code)
      if (language !== 'yaml') return []
      return parseAllDocuments(code).flatMap(({ errors }) => errors.map(({ message }) => message))
    }),
    [],
  )
})

suite('shell', () => {
  const shell = checked('sh')

  test('every block parses', () => {
    const faults = faultsIn(shell, ({ code }) => {
      const { status, stderr } = spawnSync('bash', ['-n'], { input: code, encoding: 'utf8' })
      return status === 0 ? [] : [stderr]
    })
    assert.deepEqual(faults, [])
  })

  test('the sources that commands run exist', () => {
    const faults = faultsIn(shell, ({ code }) =>
      [...code.matchAll(/\bnode (?:--[\w-]+ )*([\w./-]+\.(?:ts|mjs))/g)].flatMap(([, file]) =>
        tree.files.includes(file!) ? [] : [`there is no ${file}`],
      ),
    )
    assert.deepEqual(faults, [])
  })

  test('the flags behind npm scripts are those that the script takes', () => {
    const run = tree.read('scripts/run.mjs')
    const faults = faultsIn(shell, ({ code }) =>
      [...code.matchAll(/\bnpm (?:run )?(\w+) -- ([^#\n]*)/g)].flatMap(([, name, rest]) => {
        const script = new RegExp(`\\b${name}: .*'((?:scripts|bench)/[\\w.-]+\\.ts)'`).exec(run)?.[1]
        if (script === undefined) return []
        const source = tree.read(script)
        return [...rest!.matchAll(/--([a-z][\w-]*)/g)].flatMap(([, flag]) =>
          source.includes(`'${flag}'`) || new RegExp(`\\b${flag}\\b`).test(source)
            ? []
            : [`${name} has no --${flag}`],
        )
      }),
    )
    assert.deepEqual(faults, [])
  })
})

test('every variable of ours that a page names is one that the sources know', () => {
  // Deno's own, of an example.
  const known = new Set(['OTEL_DENO'])
  const sources = tree.files.filter(
    (file) => /\.(ts|mjs|ya?ml)$|(^|\/)(Containerfile|Dockerfile)/.test(file) && !/\/test\//.test(file),
  )
  const ours = /\b(?:OTEL|RUSTOK|LENS)_[A-Z0-9]+(?:_[A-Z0-9]+)*\b/g
  for (const file of sources) for (const [name] of tree.read(file).matchAll(ours)) known.add(name)
  const unknown = pages.flatMap((page) =>
    [...new Set(tree.read(page).match(ours))]
      .filter((name) => !known.has(name))
      .map((name) => `${page} ${name}`),
  )
  assert.ok(known.size > 60)
  assert.deepEqual(unknown, [])
})
